"""Signal: which record's folder a message was put into. Knows where that is not enough."""

from collections.abc import Collection, Iterator

from tui_mail.linking.evidence import CERTAIN, Evidence
from tui_mail.linking.facts import Knowledge, KnownFolder
from tui_mail.linking.reasons import in_folder


def folder_evidence(knowledge: Knowledge, parties: Collection[int]) -> tuple[Evidence, ...]:
    """What the folders say that people put the message into.

    Where the other side is known, one of `parties`, and the record is of somebody else, a person must
    say once more that it is meant: a hand slips.
    """
    return tuple(
        Evidence(
            entity_id=one.entity_id,
            kind=one.kind,
            company=one.company,
            method="folder",
            weight=CERTAIN,
            why=in_folder(one.folder_id, one.name, not_of=one.party_name if strange else None),
            found_in=one.name,
            veto=strange,
            suggest=True,
        )
        for one, strange in _with_strangeness(knowledge.folders, parties)
    )


def _with_strangeness(
    folders: Collection[KnownFolder], parties: Collection[int]
) -> Iterator[tuple[KnownFolder, bool]]:
    for one in folders:
        yield one, bool(parties) and one.party_id is not None and one.party_id not in parties


def parties_of_folders(knowledge: Knowledge, parties: Collection[int]) -> set[int]:
    """Whose mail it is by the folders that it was put into, where nothing says otherwise."""
    found = _with_strangeness(knowledge.folders, parties)
    return {one.party_id for one, strange in found if one.party_id is not None and not strange}
