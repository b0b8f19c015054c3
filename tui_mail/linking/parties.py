"""Signal: whose addresses are on a message. Knows which mailboxes and which domains say anything."""

from collections.abc import Iterator
from functools import lru_cache
from math import log2

from tui_mail.linking.evidence import LIKELY, PROPOSE, SURE, Evidence
from tui_mail.linking.facts import Correspondent, Knowledge, KnownParty, MessageFacts
from tui_mail.linking.reasons import Reason, reason

_COPIED = 4.0

# Mailboxes that anybody can have: the domain says nothing about who writes.
_FREEMAIL_NAMES = (
    "gmail.com googlemail.com outlook.com outlook.it hotmail.com hotmail.it hotmail.fr live.com"
    " live.it msn.com yahoo.com yahoo.it yahoo.fr yahoo.de yahoo.es yahoo.co.uk ymail.com"
    " rocketmail.com icloud.com me.com mac.com aol.com gmx.com gmx.de gmx.net gmx.at web.de"
    " t-online.de freenet.de mail.com email.it email.com libero.it virgilio.it iol.it inwind.it"
    " blu.it giallo.it tin.it tim.it alice.it tiscali.it tiscalinet.it fastwebnet.it vodafone.it"
    " aruba.it teletu.it infinito.it supereva.it katamail.com poste.it interfree.it jumpy.it"
    " orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr terra.es telefonica.net bluewin.ch"
    " protonmail.com proton.me pm.me tutanota.com tuta.io tuta.com fastmail.com zoho.com yandex.com"
    " yandex.ru mail.ru qq.com 163.com comcast.net verizon.net att.net btinternet.com"
    " hey.com"
)
_FREEMAIL = frozenset(_FREEMAIL_NAMES.split())
# Providers of certified mail in Italy: one domain, or one below it, for thousands of companies.
_CERTIFIED = (
    "pec.it",
    "legalmail.it",
    "pec.aruba.it",
    "arubapec.it",
    "postecert.it",
    "pecimprese.it",
    "legalmailpa.it",
    "cert.legalmail.it",
    "pec.libero.it",
    "pec.poste.it",
    "actaliscertymail.it",
    "sicurezzapostale.it",
    "gigapec.it",
    "mypec.eu",
    "casellapec.com",
    "registerpec.it",
    "pec.fatturapa.it",
    "ticertifica.it",
    "pecsicura.it",
    "pec.net",
)


_BELOW_CERTIFIED = tuple(f".{one}" for one in _CERTIFIED)


@lru_cache(maxsize=8192)
def tells_company(domain: str) -> bool:
    """Whether a domain can belong to one company: neither free mail nor a PEC provider's."""
    certified = domain in _CERTIFIED or domain.endswith(_BELOW_CERTIFIED)
    return bool(domain) and domain not in _FREEMAIL and not certified


def party_evidence(facts: MessageFacts, knowledge: Knowledge) -> tuple[Evidence, ...]:
    """What the addresses of the other side say about its parties."""
    found: list[Evidence] = []
    for one in facts.correspondents:
        known = _parties(knowledge.addresses.get(one.address, ()), facts.company)
        if known:
            found.extend(_of_address(one, known))
        # Somebody of our own house under an address that the settings do not know.
        elif one.address not in knowledge.addresses and tells_company(one.domain):
            at_domain = _parties(knowledge.domains.get(one.domain, ()), facts.company)
            found.extend(_of_domain(one, at_domain))
    return tuple(found)


def _parties(known: tuple[KnownParty, ...], company: str) -> list[KnownParty]:
    """One entry a party, of `company` where it has some; none where our own people are meant."""
    for one in known:  # any() takes twice as long
        if one.kind == "operator":
            return []
    if len(known) < 2:
        return [*known]
    known = tuple(one for one in known if one.company == company) or known
    parties: dict[int, KnownParty] = {}
    for one in sorted(
        known, key=lambda one: (one.party_id, not one.contact_name, one.contact_id or 0)
    ):
        parties.setdefault(one.party_id, one)
    return list(parties.values())


def _of_address(one: Correspondent, known: list[KnownParty]) -> Iterator[Evidence]:
    count = len(known)
    if known[0].times:
        yield from _learned(one, known)
        return
    weight = (SURE if one.written and not one.passed_on else _COPIED) - 2 * log2(count)
    for party in known:
        yield Evidence(
            entity_id=party.party_id,
            kind=party.kind,
            company=party.company,
            method="address",
            weight=max(weight, PROPOSE),
            why=_why_address(one, party, count),
            found_in=one.address,
            group=f"address {one.address}" if count > 1 else "",
        )


def _learned(one: Correspondent, known: list[KnownParty]) -> Iterator[Evidence]:
    """What people said before counts when they said it often, and of the writer of the letter."""
    for party in known:
        yield Evidence(
            entity_id=party.party_id,
            kind=party.kind,
            company=party.company,
            method="learned",
            weight=min(float(party.times), LIKELY) if one.written else PROPOSE,
            why=reason("learned", address=one.address, count=str(party.times)),
            found_in=one.address,
            group=f"address {one.address}" if len(known) > 1 else "",
        )


def _why_address(one: Correspondent, party: KnownParty, count: int) -> Reason:
    if one.passed_on and count == 1:
        return reason("passed_on", address=one.address)
    if count > 1:
        return reason("shared_address", address=one.address, count=str(count))
    if party.contact_name:
        return reason("contact", address=one.address, contact=party.contact_name)
    return reason("address", address=one.address)


def _of_domain(one: Correspondent, known: list[KnownParty]) -> Iterator[Evidence]:
    declared = [party for party in known if party.declared] or known
    if len(declared) != 1:
        return
    party = declared[0]
    yield Evidence(
        entity_id=party.party_id,
        kind=party.kind,
        company=party.company,
        method="domain",
        weight=LIKELY if party.declared else 1.5,
        why=reason("domain", address=one.address),
        found_in=one.domain,
    )
