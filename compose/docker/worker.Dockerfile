# A worker on CPUs: docker build -f compose/docker/worker.Dockerfile -t sharedctx-worker .
# With torch and CUDA: add --build-arg EXTRAS=cli,kompress,nkeys,workers
FROM python:3.13-slim AS build
ARG EXTRAS=cli,nkeys,workers
WORKDIR /src
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY sharedctx sharedctx
COPY workers/sharedctx_workers workers/sharedctx_workers
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir ".[${EXTRAS}]"

FROM python:3.13-slim
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SHAREDCTX_HEALTH_HOST=0.0.0.0 \
    SHAREDCTX_HEALTH_PORT=8080
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
CMD ["sharedctx", "worker"]
