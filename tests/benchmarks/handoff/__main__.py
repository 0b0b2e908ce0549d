"""``python -m tests.benchmarks.handoff``: a swarm with and without sharedctx, replayed.

The model, so that you can disagree with it:

- Six agents, each with a client and a connection of its own: a planner, three researchers
  (documents, data, code), a coder and a reviewer; a real nats-server and a real worker. They work
  on tickets one after the other, and handoffs run one after the other, so that times are of one
  handoff at a time. The seed fixes who hands what to whom.
- In a ticket the planner briefs the researchers; each hands over two findings, to the coder, to the
  planner or to both; the coder gets a plan and gives a diff, a source file and a log to the
  reviewer; the reviewer gives the output of tests to the coder, and a verdict to both. Briefs,
  plans and verdicts are short, so they are passed as they are. What is handed to several receivers
  is put once. The coder and the planner each start over once with an empty context and take up a
  finding again: that costs both sides once more.
- The materials are the corpus of ``tests.benchmarks.compression``: files of packages and outputs of
  tools, each kind in a random order and none twice before all were used.
- Without sharedctx each handoff moves the whole original into the context of its receiver, which
  never has to ask again. With it, each moves the key, what ``get(key)`` returns, and whatever the
  receiver reads after that. Tokens are counted exactly, and once: that a model reads its context
  again in every call, at the price of its cache, multiplies both sides.
- The receiver of anything but a note needs three facts that everybody has to know, chosen by chance
  from the must-probes of the original, and in every second handoff some detail, chosen by hash. A
  fact that the rendition does not tell is asked for with ``query=`` and ``max_tokens=500``, with
  words that do not give the answer away; when the answer does not tell it either, the whole
  original is read. Questions count as well, at the price of input.
- Besides, 15 % of the receivers read forty lines exactly, as before an edit, and 5 % the whole
  original. Who has the original already does neither.
- For time, the original is published to, and fetched from, a plain stream of the same server right
  after. What a model needs to read tokens is not part of any time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from sharedctx import tokens
from sharedctx.embedded import local_stack
from sharedctx.tokens import DEFAULT_MODEL, encoding_for_model
from tests.benchmarks.compression.corpus import default_folder, load
from tests.benchmarks.handoff import report
from tests.benchmarks.handoff.facts import facts_of
from tests.benchmarks.handoff.replay import Outcome, replay
from tests.benchmarks.handoff.swarm import Handoff, plan


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.handoff",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--handoffs", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=1, help="another sequence of handoffs")
    parser.add_argument(
        "--split",
        choices=("dev", "test", "all"),
        default="all",
        help="part of the corpus; nobody made anything better by looking at `test`",
    )
    parser.add_argument("--model", default=DEFAULT_MODEL, help="whose tokens to count")
    parser.add_argument(
        "--input-price",
        type=float,
        metavar="USD_PER_MTOK",
        help="list price of a million input tokens, for the cost; such as 3 where the list says 3",
    )
    parser.add_argument("--corpus", type=Path, default=default_folder(), help="cache folder")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw it there: .svg or .png")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser.parse_args()


async def _measure(handoffs: Sequence[Handoff], model: str, seed: int) -> list[Outcome]:
    needs = [(handoff, facts_of(handoff, seed)) for handoff in handoffs]
    count = tokens.load(encoding_for_model(model)).count
    async with local_stack(workers=1) as stack:
        return await replay(needs, stack.url, count, model=model, seed=seed)


def main() -> None:
    """Replay, and print the report."""
    arguments = _arguments()
    documents = [
        each
        for each in load(arguments.corpus)
        if arguments.split == "all" or each.test is (arguments.split == "test")
    ]
    handoffs = plan(documents, arguments.handoffs, arguments.seed)
    encoding = encoding_for_model(arguments.model)
    print(
        f"{len(handoffs)} handoffs, seed {arguments.seed}, split {arguments.split}, tokens of "
        f"{encoding}, load average {os.getloadavg()[0]:.1f} at the start\n",
        flush=True,
    )
    outcomes = asyncio.run(_measure(handoffs, arguments.model, arguments.seed))
    print(*report.lines(outcomes, arguments.input_price), sep="\n")
    if arguments.json:
        settings = {
            "seed": arguments.seed,
            "split": arguments.split,
            "encoding": encoding,
            "input_price": arguments.input_price,
        }
        report.write_json(outcomes, arguments.input_price, settings, arguments.json)
    if arguments.plot:
        report.draw(outcomes, arguments.plot)


if __name__ == "__main__":
    main()
