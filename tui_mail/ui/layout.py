"""Which panels are shown at a size, and where: the only place that knows how much room each needs."""

from dataclasses import dataclass

PANELS = ("folders", "threads", "reader", "records", "agenda")

NARROW = 100  # columns; below: one panel at a time
SIDE_BY_SIDE = 160  # from here: list and reader beside each other
OWN_COLUMN = 240  # from here: the agenda in a column of its own, and the list as wide as before
LOW = 30  # lines; below: the reader takes the list's place


@dataclass(frozen=True, slots=True)
class Plan:
    """A layout. `rules`: the rule at a panel's left, by how it meets the title line."""

    narrow: bool
    wide: bool
    columns: bool
    shown: frozenset[str]
    rules: dict[str, str]


def plan(width: int, height: int, panel: str) -> Plan:
    """The layout of a screen of that size while `panel` is in use."""
    narrow, low = width < NARROW, height < LOW
    wide, columns = width >= SIDE_BY_SIDE, width >= OWN_COLUMN
    if narrow:
        shown = {panel}
    else:
        shown = set(PANELS)
        if low and not wide:
            shown.discard("threads" if panel == "reader" else "reader")
    rules = {
        "threads": "┬",
        "reader": "┬" if wide or low else "├",
        "records": "┬",
        "agenda": "┬" if columns else "├",
    }
    return Plan(
        narrow=narrow,
        wide=wide,
        columns=columns,
        shown=frozenset(shown),
        rules=dict.fromkeys(rules, "") if narrow else rules,
    )
