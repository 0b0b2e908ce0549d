# The client and the command line: docker build -f compose/docker/client.Dockerfile -t sharedctx-client .
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY sharedctx sharedctx
COPY workers/sharedctx_workers workers/sharedctx_workers
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir '.[cli,nkeys]'

FROM python:3.13-slim
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
USER 65532:65532
ENTRYPOINT ["sharedctx"]
CMD ["--help"]
