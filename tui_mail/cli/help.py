"""`--help` in the user's language: hides the parser's own headings, signs and notes."""

import re
from collections.abc import Sequence
from typing import Any

import typer
from typer._click.exceptions import NoSuchOption
from typer._click.formatting import HelpFormatter
from typer.core import TyperCommand

from tui_mail.i18n import _

_PARAGRAPH = "\n\n"
_NOTE = re.compile(r"\[(required|default: )")
_TYPE = re.compile(r" <([a-z ]+)(\[[^>]*)?>$")


class _Formatter(HelpFormatter):
    """Writes what the parser says in its English in other words."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        words = _words()
        said = " ".join(words.get(one, one) for one in args.split(" "))
        super().write_usage(prog, said, prefix or f"{words['Usage:']} ")

    def write_heading(self, heading: str) -> None:
        super().write_heading(_words().get(heading, heading))

    def write_dl(self, rows: Sequence[tuple[str, str]], *args: Any, **options: Any) -> None:
        words = _words()
        super().write_dl([_row(name, text, words) for name, text in rows], *args, **options)


class _HelpContext(typer.Context):
    formatter_class = _Formatter


class QueryCommand(TyperCommand):
    """A command that takes a query, which may begin with a minus: `-from:anna` is no option of it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.help_option_names = ["--help"]  # `-h` would be found in `-has:link`
        ctx.ignore_unknown_options = True
        end = args.index("--") if "--" in args else len(args)
        known = {name for one in self.get_params(ctx) for name in one.opts}
        for word in args[:end]:
            name = word.partition("=")[0]
            if name.startswith("--") and name not in known:
                raise NoSuchOption(name, ctx=ctx)
        options = ["--help" if word == "-h" else word for word in args[:end]]
        return super().parse_args(ctx, [*options, *args[end:]])


def in_own_words(command: Any) -> Any:
    """The command, and all below it, with help in the language in use.

    Each below says which options stand anywhere, and a group gives its first command's example.
    """
    command.context_class = _HelpContext
    for below in _below(command):
        in_own_words(below)
        if not below.epilog:
            below.epilog = _below(below)[0].epilog.rpartition(_PARAGRAPH)[2]
        below.epilog = _("Anywhere: --json, --home, --as, --lang; see tui-mail --help.") + (
            _PARAGRAPH + below.epilog
        )
    return command


def _below(command: Any) -> list[Any]:
    return list(getattr(command, "commands", {}).values())


def _row(name: str, text: str, words: dict[str, str]) -> tuple[str, str]:
    """A name and what it means; what an option takes in a word, an argument says it by its name."""
    found = _TYPE.search(name)
    if found:
        word = words.get(found[1], found[1].upper()) if name.startswith("-") else ""
        name = f"{name[: found.start()]} {word}".rstrip()
    return name, _NOTE.sub(lambda note: "[" + words[note[1]], words.get(text, text))


def _words() -> dict[str, str]:
    return {
        "Usage:": _("Usage:"),
        "Arguments": _("Arguments"),
        "Options": _("Options"),
        "Commands": _("Commands"),
        "[OPTIONS]": _("[OPTIONS]"),
        "COMMAND": _("COMMAND"),
        "[ARGS]...": _("[ARGS]..."),
        "required": _("required"),
        "default: ": _("default:") + " ",
        "Show this message and exit.": _("Show this help and end."),
        "str": _("TEXT"),
        "int": "N",
        "int range": "N",
        "float": "N",
        "float range": "N",
    }
