"""Style sheets within a mail, as far as they hide text: rules by tag, class and id.

Hides the syntax (CSS Syntax 3) and the cascade. Only one compound of tag, classes and id is
understood; a rule with any other selector is left out. Rules for narrow screens, print and dark
mode do not count: what a person would see at a desk does.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tui_mail.mail.declarations import MAX_STYLE, NOTHING, Said, said_by

MAX_SHEETS = 256 * 1024
MAX_RULES = 4_000
_MAX_SELECTORS = 200
_MAX_OF_A_NAME = 64
_MAX_TOLD = 2_000

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_BRACE = re.compile(r"[{}]")
_COMPOUND = re.compile(r"([a-z][a-z0-9]*|\*)?((?:[.#][a-z0-9_-]+)*)", re.IGNORECASE)
_NAMES = re.compile(r"([.#])([A-Za-z0-9_-]+)")
_TELLS = re.compile(
    r"display|visib|opacity|font|color|background|height|width|indent|position|clip|margin",
    re.IGNORECASE,
)
_AT_A_DESK = re.compile(r"@media\s+(?:only\s+)?(?:all|screen)\s*$|@media\s*$", re.IGNORECASE)


class _Rule(NamedTuple):
    weight: tuple[int, int, int, int]  # important, ids, classes, order
    tag: str
    classes: frozenset[str]
    identity: str
    said: Said


@dataclass(slots=True)
class StyleSheet:
    """The rules of a page. `paints_unseen`: some rule that was not understood sets a background."""

    paints_unseen: bool = False
    _by_name: dict[str, list[_Rule]] = field(default_factory=lambda: defaultdict(list))
    _told: dict[tuple[str, str, str], Said] = field(default_factory=dict)

    def add(self, name: str, rule: _Rule) -> None:
        """A later rule; `name` is one that an element must have for it."""
        rules = self._by_name[name]
        before = rules[-1] if rules else None
        if before is not None and before[1:4] == rule[1:4] and before.weight[0] == rule.weight[0]:
            rules[-1] = rule._replace(said=merged(before.said, rule.said))
        elif len(rules) < _MAX_OF_A_NAME:
            rules.append(rule)
        else:
            self.paints_unseen = True

    @property
    def is_empty(self) -> bool:
        return not self._by_name

    def said_of(self, tag: str, attributes: Mapping[str, str | None]) -> Said:
        """What the sheets say of an element."""
        key = (tag, attributes.get("class") or "", attributes.get("id") or "")
        told = self._told.get(key)
        if told is None:
            if len(self._told) >= _MAX_TOLD:
                self._told.clear()
            told = self._told[key] = self._said_of(tag, attributes)
        return told

    def _said_of(self, tag: str, attributes: Mapping[str, str | None]) -> Said:
        classes = (attributes.get("class") or "").split(None, 50)
        identity = attributes.get("id") or ""
        names = [f"<{tag}", "<*", *(f".{name}" for name in classes), f"#{identity}"]
        rules = [rule for name in names for rule in self._by_name.get(name, ())]
        if not rules:
            return NOTHING
        own = frozenset(classes)
        told = NOTHING
        for rule in sorted(rules, key=lambda rule: rule.weight):
            fits = (
                rule.tag in {"", "*", tag}
                and rule.classes <= own
                and rule.identity in {"", identity}
            )
            if fits:
                told = merged(told, rule.said)
        return told


def merged(under: Said, over: Said) -> Said:
    """`under`, with what `over` says instead."""
    if over is NOTHING:
        return under
    if under is NOTHING:
        return over
    return Said(
        under.hidden if over.hidden is None else over.hidden,
        under.tiny if over.tiny is None else over.tiny,
        under.ink if over.ink is None else over.ink,
        under.paper if over.paper is None else over.paper,
        under.flat if over.flat is None else over.flat,
    )


def read_sheets(texts: Iterator[str]) -> StyleSheet:
    """The rules of all style elements of a page, in their order."""
    sheet = StyleSheet()
    left, order = MAX_SHEETS, 0
    for text in texts:
        for selectors, declarations in _rules(_COMMENT.sub(" ", text[:left])):
            order += 1
            if order > MAX_RULES:
                sheet.paints_unseen = True
                return sheet
            _add(sheet, selectors, declarations, order)
        left -= len(text)
        if left <= 0:
            sheet.paints_unseen = True
            break
    return sheet


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations of each rule for the screen of a desk."""
    inside: list[bool] = []  # for each open at-rule: whether what is in it counts
    selectors, position = "", 0
    for brace in _BRACE.finditer(text):
        before = text[position : brace.start()]
        position = brace.end()
        if brace[0] == "{":
            head = before.rpartition(";")[2].strip() if "@" not in before else before.strip()
            if selectors:  # a brace within a rule: broken, begin again
                selectors = ""
            if "@media" in head or "@supports" in head:
                head = head[head.rindex("@") :]
                inside.append(bool(_AT_A_DESK.match(head)))
            elif "@" in head and not _is_after_statement(head):
                inside.append(False)
            else:
                selectors = head.rpartition(";")[2].strip()
        elif selectors:
            if all(inside):
                yield selectors, before
            selectors = ""
        elif inside:
            inside.pop()


def _is_after_statement(head: str) -> bool:
    """`@import url(x); .a` begins a rule; `@font-face` does not."""
    return ";" in head and "@" not in head.rpartition(";")[2]


def _add(sheet: StyleSheet, selectors: str, declarations: str, order: int) -> None:
    if not _TELLS.search(declarations):
        return
    said = said_by(declarations.strip()[:MAX_STYLE])
    if said == NOTHING:
        return
    important = int("!" in declarations)
    for selector in selectors.split(",", _MAX_SELECTORS)[:_MAX_SELECTORS]:
        compound = _COMPOUND.fullmatch(selector.strip())
        if compound is None or not compound[0]:
            sheet.paints_unseen = sheet.paints_unseen or said.paper is not None
            continue
        tag, names = (compound[1] or "").lower(), _NAMES.findall(compound[2])
        classes = frozenset(name for sign, name in names if sign == ".")
        identity = next((name for sign, name in names if sign == "#"), "")
        weight = (important, int(bool(identity)), len(classes) * 2 + bool(tag.strip("*")), order)
        rule = _Rule(weight, tag, classes, identity, said)
        if identity:
            key = f"#{identity}"
        elif classes:
            key = f".{min(classes)}"
        else:
            key = f"<{tag}"
        sheet.add(key, rule)
