"""Says what an evaluation found, for people and as JSON."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from scripts.evaluate_links.baselines import BASELINES
from scripts.evaluate_links.evaluation import Result
from scripts.evaluate_links.figures import Figures, Mistake, variants
from scripts.evaluate_links.letter import seen_text
from scripts.evaluate_links.simulate import NAMES
from tui_mail.linking.reasons import worded
from tui_mail.values import LinkState

_HEAD = f"{'':34} {'mails':>6} {'auto':>6} {'wrong':>5} {'precision':>9} {'recall':>7} {'offered':>7} {'party':>7} {'p50':>4} {'p90':>4}"


def printed(result: Result, *, mistakes: int = 0) -> Iterator[str]:
    """The report, line by line."""
    whole = result.figures
    yield (
        f"split {result.split}, seed {result.seed}: {whole.messages} messages in"
        f" {len({one.talk for one in result.events})} conversations"
    )
    yield (
        f"links without asking: {whole.automatic}, wrong {whole.wrong}"
        f" (documents {whole.wrong_documents}, wrong party {whole.wrong_party},"
        f" wrong company {whole.wrong_company}); precision {whole.precision:.4f};"
        f" wrong at most {whole.wrong_bound:.2%} of links (95 %)"
    )
    yield (
        f"conversations with a wrong link: {len(whole.wrong_talks)} of {len(whole.talks)},"
        f" at most {whole.wrong_talks_bound:.2%} (95 %)"
    )
    yield (
        f"documents that can be known: {whole.linkable}, linked {whole.recall:.2%},"
        f" linked or proposed {whole.recall_offered:.2%};"
        f" parties that can be known: {whole.parties}, linked {_share(whole.parties_found, whole.parties)}"
    )
    yield (
        f"documents meant at all: {whole.meant}, linked or proposed"
        f" {_share(whole.meant_offered, whole.meant)}"
    )
    yield f"proposals a message: median {whole.at(0.5)}, p90 {whole.at(0.9)}"
    yield (
        f"milliseconds a message: {result.ingest_ms:.1f} taken in and linked,"
        f" {result.link_ms:.2f} linked anew"
    )
    yield f"messages lost or doubled: {result.lost}; links that a replay changes: {result.replayed}"
    yield ""
    yield _HEAD
    for code, figures in result.families.items():
        yield _line(f"{code} {NAMES[code]}", figures)
    yield ""
    yield _HEAD
    yield _line("this program", whole)
    for name, figures in result.rivals.items():
        yield _line(f"{name}: {BASELINES[name][0]}"[:34], figures)
    if result.ablations:
        yield ""
        yield "without evidence of                  mails changed   wrong   recall  offered    meant   party"
        for one in result.ablations:
            changes = "" if one.messages else "   CHANGES NOTHING"
            yield (
                f"{one.stage:34} {one.messages:>15} {one.figures.wrong:>7}"
                f" {one.figures.recall:>8.2%} {one.figures.recall_offered:>8.2%}"
                f" {_share(one.figures.meant_offered, one.figures.meant):>8}"
                f" {_share(one.figures.parties_found, one.figures.parties):>7}{changes}"
            )
    if mistakes:
        yield from _mistakes(result, mistakes)


def _line(name: str, one: Figures) -> str:
    return (
        f"{name:34} {one.messages:>6} {one.automatic:>6} {one.wrong:>5} {one.precision:>9.4f}"
        f" {one.recall:>7.2%} {one.recall_offered:>7.2%} {_share(one.parties_found, one.parties):>7}"
        f" {one.at(0.5):>4} {one.at(0.9):>4}"
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "-"


def _mistakes(result: Result, most: int) -> Iterator[str]:
    yield ""
    yield f"{'family, variant':62} {'mails':>6} {'wrong':>6} {'missing':>7}"
    for family, variant, total, wrong, missing in variants(result.events, result.mistakes):
        yield f"{family + ' ' + variant:62} {total:>6} {wrong:>6} {missing:>7}"
    shown: defaultdict[tuple[str, str, bool], int] = defaultdict(int)
    for one in result.mistakes:
        key = (one.event.family, one.event.variant, bool(one.wrong))
        shown[key] += 1
        if shown[key] <= most:
            yield ""
            yield from _mistake(result, one)


def _mistake(result: Result, one: Mistake) -> Iterator[str]:
    event = one.event
    yield f"--- {event.family} {event.variant} ({event.at:%Y-%m-%d})"
    if one.wrong:
        yield f"wrong: {', '.join(sorted(map(str, one.wrong)))}"
    if one.missing:
        yield f"missing: {', '.join(sorted(map(str, one.missing)))}"
    yield f"meant: {', '.join(sorted(map(str, event.truth.documents | event.truth.parties)))}"
    yield f"from {event.sender.address} to {', '.join(event.boxes)}: {event.subject}"
    for link in result.made[event.message_id]:
        mark = "" if link.state is not LinkState.PROPOSED else " (proposed)"
        yield f"  {link.entity}{mark} {link.method} {link.score}: {worded(link.why)}"
    for line in seen_text(event.raw).split("\n")[:14]:
        yield f"  | {line}"


def as_json(result: Result) -> str:
    """The figures as one JSON object."""
    return json.dumps(
        {
            "split": result.split,
            "seed": result.seed,
            "whole": _object(result.figures),
            "families": {code: _object(one) for code, one in result.families.items()},
            "rivals": {name: _object(one) for name, one in result.rivals.items()},
            "ablations": {
                one.stage: {"messages_changed": one.messages, **_object(one.figures)}
                for one in result.ablations
            },
            "lost": result.lost,
            "replayed": result.replayed,
            "ingest_ms": round(result.ingest_ms, 2),
            "link_ms": round(result.link_ms, 2),
        },
        indent=1,
    )


def _object(one: Figures) -> dict[str, Any]:
    return {
        "messages": one.messages,
        "automatic": one.automatic,
        "wrong": one.wrong,
        "wrong_documents": one.wrong_documents,
        "wrong_party": one.wrong_party,
        "wrong_company": one.wrong_company,
        "precision": round(one.precision, 5),
        "wrong_bound_95": round(one.wrong_bound, 5),
        "wrong_conversations": len(one.wrong_talks),
        "conversations": len(one.talks),
        "wrong_conversations_bound_95": round(one.wrong_talks_bound, 5),
        "linkable": one.linkable,
        "recall": round(one.recall, 5),
        "recall_with_proposals": round(one.recall_offered, 5),
        "meant": one.meant,
        "meant_offered": one.meant_offered,
        "parties": one.parties,
        "parties_found": one.parties_found,
        "proposals_median": one.at(0.5),
        "proposals_p90": one.at(0.9),
    }
