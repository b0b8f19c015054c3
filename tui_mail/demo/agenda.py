"""Fills the agenda and the list of activities of the demo company around `today`."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from tui_mail.demo.parties import Directory
from tui_mail.demo.records import DemoActivity, DemoDocument, DemoEvent, DemoOpportunity, DemoParty

ACTIVITIES = 380
KINDS = (
    ("telefonata", "Tel. {name}: {title}"),
    ("visita", "Visita {name}"),
    ("promemoria", "Ricontattare {name} per {title}"),
    ("email", "Inviare documentazione a {name}"),
)
MEETINGS = (
    ("Riunione vendite", "Sala grande", 15, 60),
    ("Riunione produzione", "Officina", 8, 45),
    ("Punto crediti", "Ufficio amministrazione", 11, 30),
    ("Riunione fornitori", "Sala grande", 14, 90),
)
VISITS = (
    ("Visita {name}", "{city}", 9, 90),
    ("Tel. {name}: offerta", "", 11, 30),
    ("Sopralluogo {name}", "{city}", 14, 120),
    ("Demo pompe a {name}", "Sala prove", 10, 60),
    ("Collaudo impianto {name}", "{city}", 9, 180),
)
ALL_DAY = (
    "Fiera del riscaldamento, Bologna",
    "Inventario magazzino",
    "Ferie Marco",
    "Chiusura mese",
)


def rome(day: date, hour: int, minute: int = 0) -> datetime:
    """Return an Italian wall-clock time as aware UTC."""
    wall = datetime.combine(day, time(hour, minute), UTC)
    return wall - timedelta(hours=rome_offset(wall - timedelta(hours=1)))


def rome_offset(moment: datetime) -> int:
    """Return the hours that Italy is ahead of UTC at an aware moment: 2 in the summer of the EU.

    The rule is written out because a system without time zone data must run the demo too.
    """
    starts, ends = _last_sunday(moment.year, 3), _last_sunday(moment.year, 10)
    return 2 if starts <= moment < ends else 1


def _last_sunday(year: int, month: int) -> datetime:
    """Return 01:00 UTC, when the clocks change, of the last Sunday of a month of 31 days."""
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def build_activities(
    seed: int, today: date, directory: Directory,
    work: tuple[Sequence[DemoDocument], Sequence[DemoOpportunity]],
) -> tuple[DemoActivity, ...]:  # fmt: skip
    """Return activities on documents and opportunities, most done, some still to do."""
    source = random.Random(f"{seed}:activities")
    documents, opportunities = work
    by_reference = {party.reference: party for party in directory.parties}
    quotes = [document for document in documents if document.kind in {"quote", "offer", "job"}]
    logins = ("demo", "sara", "giulia", "marco", "io")
    activities = []
    for number in range(1, ACTIVITIES + 1):
        kind, form = source.choice(KINDS)
        about: DemoDocument | DemoOpportunity
        if number % 3 == 0:
            about = source.choice(opportunities)
            started, document, opportunity = about.opened_on, "", about.code
        else:
            about = source.choice(quotes)
            started, document, opportunity = about.date, about.reference, about.opportunity
        party = by_reference[f"{about.party_kind}:{about.party}"]
        due = started + timedelta(days=source.randint(1, 25))
        title = form.format(name=party.name, title=about.title.lower())
        open_ = due >= today or source.random() < 0.08
        activities.append(
            DemoActivity(
                f"ATT{number:05}", kind, party.kind, party.code, document, opportunity, due,
                source.choice(logins), "open" if open_ else "closed", title,
            )
        )  # fmt: skip
    return tuple(activities)


def build_events(seed: int, today: date, directory: Directory) -> tuple[DemoEvent, ...]:
    """Return five weeks of agenda before `today` and five after, and today's own."""
    source = random.Random(f"{seed}:agenda")
    customers = [party for party in directory.parties if party.kind == "customer"]
    events = _cast_events(today, directory)
    for offset in range(-35, 36):
        day = today + timedelta(days=offset)
        if day.weekday() > 4:
            continue
        if day.weekday() == 0:
            events.append(_event(MEETINGS[0], day))
        elif source.random() < 0.25:
            events.append(_event(source.choice(MEETINGS[1:]), day))
        for _ in range(source.choices((0, 1, 2), (2, 4, 2))[0]):
            events.append(_event(source.choice(VISITS), day, source.choice(customers)))
    for title in ALL_DAY:
        day = today + timedelta(days=source.randint(-25, 30))
        events.append(
            DemoEvent(title, rome(day, 0), rome(day + timedelta(days=1), 0), None, "", True)
        )
    return tuple(sorted(events, key=lambda event: (event.start, event.title)))


def _event(form: tuple[str, str, int, int], day: date, party: DemoParty | None = None) -> DemoEvent:
    title, place, hour, minutes = form
    start = rome(day, hour)
    name, city = (party.name, party.city) if party else ("", "")
    return DemoEvent(
        title.format(name=name), start, start + timedelta(minutes=minutes),
        party.reference if party else None, place.format(city=city), False,
    )  # fmt: skip


def _cast_events(today: date, directory: Directory) -> list[DemoEvent]:
    """Return what the agenda shows at first sight."""

    def event(days: int, clock: tuple[int, int, int], what: tuple[str, str, str]) -> DemoEvent:
        hour, minute, minutes = clock
        title, who, place = what
        start = rome(today + timedelta(days=days), hour, minute)
        party = directory.cast[who] if who else None
        return DemoEvent(title, start, start + timedelta(minutes=minutes), party, place, False)

    return [
        event(0, (9, 0, 90), ("Visita Costa Srl", "costa", "Ravenna")),
        event(0, (11, 30, 30), ("Tel. Ferri: importo fattura", "ferri", "")),
        event(0, (15, 0, 60), ("Riunione vendite (4)", "", "Sala grande")),
        event(0, (17, 0, 30), ("Firma contratto manutenzione", "comune", "Sede")),
        event(1, (10, 0, 60), ("Consegna DDT 402", "bianchi", "Bologna")),
        event(1, (16, 0, 45), ("Punto scaduto Verdi", "verdi", "")),
        event(2, (9, 30, 120), ("Sopralluogo palestra comunale", "comune", "Rimini")),
        event(3, (14, 30, 60), ("Preventivo pompe: chiamare Costa", "costa", "")),
    ]
