"""Measures the links: simulated companies and their mail, the real ingest, and what came of it.

    .venv/bin/python scripts/evaluate_links [--split dev|test|train] [--messages 5000] [--seed 1]
        [--json] [--mistakes N]

What each message is about is known because the simulator had it in mind when it wrote; nothing is
read off the text. The splits share neither companies nor wordings. Prints precision, recall and
wrong links with their bounds, by family, beside simpler programs on the same mail, and what each
kind of evidence is worth. `test` is for the final figures: tune on `dev`.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.evaluate_links.evaluation import evaluate
from scripts.evaluate_links.phrases import SPLITS
from scripts.evaluate_links.report import as_json, printed


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--split", choices=SPLITS, default="dev")
    options.add_argument("--messages", type=int, default=5_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--json", action="store_true")
    options.add_argument("--mistakes", type=int, default=0, help="print so many of each kind")
    options.add_argument("--no-ablations", action="store_true")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as home:
        result = asyncio.run(
            evaluate(
                Path(home),
                asked.split,
                seed=asked.seed,
                count=asked.messages,
                ablations=not asked.no_ablations,
            )
        )
    if asked.json:
        print(as_json(result))
        return
    for line in printed(result, mistakes=asked.mistakes):
        print(line)


if __name__ == "__main__":
    main()
