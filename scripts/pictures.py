"""Pictures of the real console over the demo's company, as SVG, for the README and for the eye.

    .venv/bin/python scripts/pictures.py docs [--lang en] [--theme dark] [--size 120x36 …]

Draws through the program's own parts: the demo's servers, a worker, the console.
"""

import argparse
import asyncio
import re
import sys
from dataclasses import replace
from pathlib import Path

from tui_mail.__main__ import _complete, _console_parts, parts
from tui_mail.cli.context import Context
from tui_mail.cli.demo import furnished
from tui_mail.config import find_home
from tui_mail.i18n import set_language
from tui_mail.ui.app import Console

FONT = "'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace"
TRIES = 600


async def draw(
    call: Context, columns: int, rows: int, keys: list[str], language: str, theme: str
) -> str:
    settings = replace(call.settings, language=language, theme=theme)
    console = Console(settings, lambda: _console_parts(call), lambda found: _complete(call, found))
    async with console.run_test(size=(columns, rows)) as pilot:
        for _try in range(TRIES):
            await pilot.pause(0.05)
            found = console._parts  # noqa: SLF001 — looking, not touching
            done = found and found.worker and found.worker.summary()
            if done and done.last_success and not done.fetching:
                break
        await pilot.pause(2.0)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(1.0)
        return console.export_screenshot(title="tui_mail")


def standalone(svg: str) -> str:
    """The picture with its spaces kept, without fonts that a browser would fetch from elsewhere."""
    svg = svg.replace("<svg ", '<svg xml:space="preserve" ', 1)
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: [^;]*;", f"font-family: {FONT};", svg)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--lang", default="en")
    options.add_argument("--theme", default="dark")
    options.add_argument("--size", nargs="+", default=["120x36"])
    options.add_argument("--keys", nargs="*", default=[])
    options.add_argument("--name", default="console")
    asked = options.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    set_language(asked.lang)
    for size in asked.size:
        columns, rows = map(int, size.split("x"))
        call = Context(parts(), find_home(None))
        with furnished(call, undo=10, answer=60, fresh=0) as own:
            svg = asyncio.run(draw(own, columns, rows, asked.keys, asked.lang, asked.theme))
        name = asked.name if len(asked.size) == 1 else f"{asked.name}-{size}"
        target = asked.folder / f"{name}.svg"
        target.write_text(standalone(svg), "utf-8")
        sys.stdout.write(f"{target}\n")


if __name__ == "__main__":
    main()
