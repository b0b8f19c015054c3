"""Keeps tui_mail/locale: finds the messages in the code, merges the Italian file, compiles it.

Without an option it updates; --check fails when a message lacks its translation, when the
compiled file is not what the text says, or when a placeholder differs.
"""

import ast
import io
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tui_mail"
LANGUAGES = ("it",)
KEYWORDS = {"_": None, "ngettext": (1, 2), "msgid": None, "pgettext": ((1, "c"), 2)}
PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def messages() -> Catalog:
    """Every message of the code, without places: they would change at each edit."""
    catalog = Catalog(project="tui_mail", charset="utf-8")
    for _file, _line, message, comments, context in extract_from_dir(
        PACKAGE, method_map=[("**.py", "python")], keywords=KEYWORDS, comment_tags=("i18n:",)
    ):
        catalog.add(message, None, (), auto_comments=comments, context=context)
    return catalog


def updated(language: str, template: Catalog) -> Catalog:
    path = PACKAGE / "locale" / language / "LC_MESSAGES" / "tui_mail.po"
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
    else:
        catalog = Catalog(locale=language, charset="utf-8")
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    # Not the time of this run: the same messages must give the same bytes.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    return catalog


def hidden() -> list[str]:
    """Messages that the extraction misses: those inside an f-string."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for literal in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(literal, ast.JoinedStr):
                continue
            for node in ast.walk(literal):
                if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in KEYWORDS:
                    continue
                if node.args and isinstance(node.args[0], ast.Constant):
                    place = f"{path.relative_to(ROOT)}:{literal.lineno}"
                    found.append(f"{place}: take {node.args[0].value!r} out of the f-string")
    return found


def texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return list(value) if isinstance(value, (tuple, list)) else [""]


def problems(language: str, catalog: Catalog) -> list[str]:
    found = []
    for message in catalog:
        if not message.id:
            continue
        ids, strings = texts(message.id), texts(message.string)
        if not all(strings):
            found.append(f"{language}: not translated: {ids[0]!r}")
            continue
        wanted = set(PLACEHOLDER.findall(ids[-1]))
        if any(set(PLACEHOLDER.findall(text)) - wanted for text in strings) or (
            wanted - set(PLACEHOLDER.findall(strings[-1]))
        ):
            found.append(f"{language}: placeholders differ: {ids[0]!r}")
    return found


def compiled(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def main() -> int:
    check = "--check" in sys.argv[1:]
    template = messages()
    found = hidden()
    for language in LANGUAGES:
        folder = PACKAGE / "locale" / language / "LC_MESSAGES"
        catalog = updated(language, template)
        found += problems(language, catalog)
        binary = compiled(catalog)
        target = folder / "tui_mail.mo"
        if check:
            if not target.exists() or target.read_bytes() != binary:
                found.append(f"{language}: run scripts/translations.py, the compiled file is old")
            continue
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "tui_mail.po").open("wb") as file:
            write_po(file, catalog, omit_header=False, sort_output=True, width=96, no_location=True)
        target.write_bytes(binary)
    for problem in found:
        sys.stdout.write(f"{problem}\n")
    if not check:
        sys.stdout.write(f"{len(list(template)) - 1} messages\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
