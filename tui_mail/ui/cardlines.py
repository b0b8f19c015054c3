"""How a record's card is laid out: facts, chain, lines, what is open, contacts."""

from collections.abc import Sequence
from datetime import date as Day
from decimal import Decimal
from itertools import chain, repeat, zip_longest

from tui_mail.db.rows import Card, EntityRow, LineRow
from tui_mail.i18n import _
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import formats
from tui_mail.ui.erpwords import kept_words
from tui_mail.ui.kinds import activity_name, detail_name, is_party, kind_name, state_name
from tui_mail.ui.widgets.entries import Entry
from tui_mail.ui.widgets.text import BLANK, Line, Piece, fit, plain, width_of
from tui_mail.ui.wrap import wrapped
from tui_mail.values import ENTITY_KINDS, LOCAL_SOURCE, MADE_HERE

_TWO_COLUMNS = 90  # cells from which facts stand in two
_FLAGS = {"blocked", "disputed", "active"}
_NOT_SO = {"0", "false", "no"}
_DAYS = {"left_on"}
_TITLED = {"activity", "opportunity"}  # known by what they are about: their codes tell nothing
_INVOICES = {"invoice", "purchase_invoice", "credit_note"}
_WORDED = {
    "language": formats.language_name,
    "country": formats.country_name,
    "kind": activity_name,
}


def heading_of(entity: EntityRow, today: Day) -> SafeText:
    """Kind and name of a record, as lists have them."""
    titled = is_party(entity.kind) or entity.kind in _TITLED
    name = entity.title if titled and entity.title else formats.short_code(entity.code, today)
    return safe(f"{kind_name(entity.kind)} {name}")


def body_of(card: Card, width: int, today: Day) -> list[Entry[EntityRow]]:
    """The card's parts; the records among them can be stood on."""
    found: list[Entry[EntityRow]] = [Entry(tuple(_facts(card, width, today)))]
    if len(card.chain) > 1:
        found.append(_section(_("Chain"), width))
        found += [_row(row, width, today, card.entity.id) for row in card.chain]
    if card.lines:
        found.append(_section(_("Lines"), width))
        found.append(Entry(tuple(_line(line, width) for line in card.lines)))
    if card.due_items:
        found.append(_section(_("Due"), width))
        found += [_due(row, width, today) for row in card.due_items]
    if card.open_documents:
        found.append(_section(_("Open documents"), width))
        found += [_row(row, width, today, card.entity.id) for row in card.open_documents]
    if card.contacts:
        found.append(_section(_("Contacts"), width))
        found += [_contact(row, width) for row in card.contacts]
    return found


def _facts(card: Card, width: int, today: Day) -> list[Line]:
    entity = card.entity
    facts: list[tuple[SafeText, SafeText, str]] = []

    def fact(label: str, value: SafeText, style: str = "") -> None:
        if value:
            facts.append((safe(label), value, style))

    if is_party(entity.kind):
        fact(_("code"), safe(entity.code))
    else:
        party = " ".join(part for part in (entity.party, entity.party_code) if part)
        fact(_("party"), safe(party), "bold")
        fact(_("about"), safe(entity.title))
    fact(_("company"), safe(entity.company))
    if entity.date is not None:
        fact(_("date"), formats.day(entity.date))
    due, left, currency = _own(card)
    if due is not None:
        late = bool(left) and due < today
        fact(_("due"), formats.day(due), "error" if late else "")
    if entity.amount is not None:
        fact(_("amount"), formats.money(entity.amount, entity.currency), "bold")
    if left:
        fact(_("still open"), formats.money(left, currency), "warning")
    state = state_name(entity.state)
    gone = _("gone from the ERP")
    if entity.source == LOCAL_SOURCE:
        fact(_("kept"), kept_words(entity), "warning")
    elif entity.kind in MADE_HERE and card.place:
        fact(_("kept"), safe(_("in {place}").format(place=card.place)))
    fact(_("state"), safe(f"{state} · {gone}") if entity.gone else state)
    fact(_("their reference"), safe(entity.their_reference))
    fact(_("our reference"), safe(entity.our_reference))
    facts += _sums(card)
    if (following := card.next_activity) is not None and following.id != entity.id:
        style = "error" if is_late(following, today) else ""
        fact(_("next activity"), to_do(following, today), style)
    for key, value in entity.details.items():
        fact(detail_name(key), _detail(key, str(value), today))
    if card.addresses:
        fact(_("addresses"), safe(", ".join(card.addresses)))
    return [BLANK, *_in_columns(facts, width), *_way_error(entity, width)]


def _own(card: Card) -> tuple[Day | None, Decimal | None, str]:
    """When the record itself falls due, what of it is open and in which currency: of an invoice
    that does not say so as its own instalments do, of which the next one that is open counts."""
    entity = card.entity
    due, left, currency = entity.due_date, entity.open_amount, entity.currency
    if entity.kind in _INVOICES:
        items = [one for one in card.instalments if one.open_amount]
        # Of what is in another currency than the document no sum could be made.
        currency = currency or next((one.currency for one in items if one.currency), "")
        items = [one for one in items if one.currency in {"", currency}]
        if left is None and items:
            left = sum((one.open_amount for one in items if one.open_amount), Decimal(0))
        if due is None:
            due = min((one.due_date for one in items if one.due_date), default=None)
    return due, left, currency


def _way_error(entity: EntityRow, width: int) -> list[Line]:
    """Why a record made here is not in the ERP yet, whole."""
    if not entity.way_error:
        return []
    style = "error" if entity.refused else "warning"
    return [plain(part, style) for part in wrapped(safe(entity.way_error), width - 1, " ")]


def to_do(activity: EntityRow, today: Day) -> SafeText:
    """Until when, and what: `24 Nov Richiamare`, `overdue since 3 Nov: Richiamare`."""
    day = formats.short_day(activity.due_date, today) if activity.due_date else ""
    what = activity.title or activity.code
    if is_late(activity, today):
        return safe(_("overdue since {day}: {what}").format(day=day, what=what))
    return safe(f"{day} {what}".strip())


def is_late(activity: EntityRow, today: Day) -> bool:
    """Whether it should have been done before today."""
    return activity.due_date is not None and activity.due_date < today


def _detail(key: str, value: str, today: Day) -> SafeText:
    """A detail's value in words; what is so is ticked, and what is not so goes without saying."""
    if key in _FLAGS:
        return SafeText("" if value.lower() in _NOT_SO else "✓")
    if key in _WORDED:
        return _WORDED[key](value)
    kind, _colon, code = value.partition(":")
    if code and kind in ENTITY_KINDS:
        return SafeText(f"{kind_name(kind)} {formats.short_code(code, today)}")
    if key in _DAYS:
        try:
            return formats.day(Day.fromisoformat(value))
        except ValueError:  # a day as the ERP writes it
            return safe(value)
    return safe(value)


def _sums(card: Card) -> list[tuple[SafeText, SafeText, str]]:
    """What is open of the party: on the card of anything else it is said whose figures they are."""
    balance, overdue = _("balance"), _("overdue")
    if not is_party(card.entity.kind):
        names = {
            "customer": (_("customer's balance"), _("customer's overdue")),
            "supplier": (_("supplier's balance"), _("supplier's overdue")),
        }
        others = (_("party's balance"), _("party's overdue"))
        balance, overdue = names.get(card.entity.party_kind, others)
    currency = next((item.currency for item in card.due_items if item.currency), "EUR")
    facts: list[tuple[SafeText, SafeText, str]] = []
    if card.balance:
        facts.append((safe(balance), formats.money(card.balance, currency), "bold"))
    if card.overdue:
        text = formats.money(card.overdue, currency)
        if card.overdue_since is not None:
            since = _("since {day}").format(day=formats.day(card.overdue_since))
            text = safe(f"{text} {since}")
        facts.append((safe(overdue), text, "error"))
    return facts


def _in_columns(facts: Sequence[tuple[SafeText, SafeText, str]], width: int) -> list[Line]:
    """Two facts a line where there is room, one below the other in reading order; labels take what
    the longest needs, and what is too long goes on below."""
    cell = width // 2 if width >= _TWO_COLUMNS else width
    longest = max((width_of(label) for label, _value, _style in facts), default=0)
    labels = min(longest + 2, cell // 2)
    shown = [_fact(fact, labels, cell) for fact in facts]
    if cell == width:
        return [line for lines in shown for line in lines]
    left: list[Line] = []
    half = -(-sum(map(len, shown)) // 2)
    while len(left) < half:
        left += shown.pop(0)
    right: list[Line] = [line for lines in shown for line in lines]
    empty: Line = (Piece(SafeText(" " * cell)),)
    return [(*one, *other) for one, other in zip_longest(left, right, fillvalue=empty)]


def _fact(fact: tuple[SafeText, SafeText, str], labels: int, cell: int) -> list[Line]:
    """A fact in lines of `cell` cells, `labels` of them for its label."""
    label, value, style = fact
    room = max(1, cell - labels - 1)
    names = chain([label], repeat(SafeText("")))
    return [
        (
            Piece(fit(SafeText(f" {name}"), labels), "dim"),
            Piece(fit(part, room), style),
            Piece(SafeText(" ")),
        )
        for name, part in zip(names, wrapped(value, room), strict=False)
    ]


def _section(name: str, width: int) -> Entry[EntityRow]:
    text = safe(name)
    bar = "─" * max(0, width - width_of(text) - 4)
    line = (Piece(SafeText("── "), "rule"), Piece(text, "dim"), Piece(SafeText(f" {bar}"), "rule"))
    return Entry((BLANK, line))


def _row(row: EntityRow, width: int, today: Day, current: int) -> Entry[EntityRow]:
    here = row.id == current
    name = heading_of(row, today)
    day = formats.short_day(row.day, today) if row.day else SafeText("")
    amount = formats.money(row.amount, row.currency) if row.amount is not None else SafeText("")
    line = (
        Piece(SafeText(" ▸ " if here else "   "), "accent"),
        Piece(fit(name, max(20, width * 30 // 100)), "bold" if here else ""),
        Piece(fit(SafeText(f" {day}"), 10), "dim"),
        Piece(fit(amount, 14, right=True)),
        Piece(SafeText(f"  {state_name(row.state)}"), "dim"),
        *_kept(row),
    )
    return Entry((line,), row)


def _kept(row: EntityRow) -> tuple[Piece, ...]:
    """Of a record made here: how far it is."""
    if row.source != LOCAL_SOURCE:
        return ()
    return (Piece(SafeText(f"  {kept_words(row)}"), "error" if row.refused else "warning"),)


def _due(row: EntityRow, width: int, today: Day) -> Entry[EntityRow]:
    late = row.due_date is not None and row.due_date < today and bool(row.open_amount)
    day = formats.day(row.due_date) if row.due_date else SafeText("")
    amount = formats.money(row.amount, row.currency) if row.amount is not None else SafeText("")
    left = SafeText("")
    if row.open_amount:
        left = safe(_("open {amount}").format(amount=formats.money(row.open_amount, row.currency)))
    line = (
        Piece(SafeText("   ")),
        Piece(fit(formats.short_code(row.code, today), max(12, width * 20 // 100))),
        Piece(fit(SafeText(f" {day}"), 12), "error" if late else "dim"),
        Piece(fit(amount, 14, right=True)),
        Piece(SafeText(f"  {left or state_name(row.state)}"), "error" if late else "dim"),
    )
    return Entry((line,), row)


def _line(line: LineRow, width: int) -> Line:
    quantity = formats.number(line.quantity) if line.quantity is not None else SafeText("")
    price = formats.money(line.price) if line.price is not None else SafeText("")
    text = safe(line.description) or safe(line.article)
    room = max(10, width - 3 - 12 - 1 - 14 - 14)
    return (
        Piece(SafeText("   ")),
        Piece(fit(safe(line.article), 12), "dim"),
        Piece(SafeText(f" {fit(text, room)}")),
        Piece(fit(SafeText(f"{quantity} {safe(line.unit)}"), 13, right=True)),
        Piece(fit(price, 14, right=True)),
    )


def _contact(row: EntityRow, width: int) -> Entry[EntityRow]:
    role = safe(row.details.get("role", ""))
    line = (
        Piece(SafeText("   ")),
        Piece(fit(safe(row.title) or safe(row.code), max(20, width * 30 // 100))),
        Piece(role, "dim"),
        *_kept(row),
    )
    return Entry((line,), row)
