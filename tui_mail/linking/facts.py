"""What linking knows before it concludes: the message, and what the database looked up for it.

Plain values.
"""

from collections.abc import Iterator, Mapping
from datetime import date as Day
from decimal import Decimal
from functools import cached_property

from msgspec import Struct, field
from msgspec.structs import replace

from tui_mail.linking.mentions import SUBJECT, TEXT, Mentions, Parts, mentions_of
from tui_mail.linking.numbers import NumberCandidate, codes_like
from tui_mail.linking.tokens import Token, tokens_in
from tui_mail.values import LinkState, Mailbox

# A person, or a company by certified mail, wrote these; everything else is written by a program.
WRITTEN_KINDS = frozenset({"human", "group", "pec_envelope"})
_MOST_ADDRESSES = 200
_MOST_TOKENS = 40


class Correspondent(Struct, frozen=True):
    """An address of the other side. `written`: it is the sender's, or one that we write to;
    `passed_on`: of who wrote what a colleague forwards.
    """

    address: str
    domain: str
    written: bool
    passed_on: bool = False


class MessageFacts(Struct, frozen=True, dict=True):
    """A message as linking sees it. `outgoing`: we wrote it.

    `own_addresses` and `own_domains`: lower case, of our accounts, operators and companies.
    `company`: the company whose mailbox this is, "" when there is one only or it is not known.
    `parts`: the rest of what it says; `found`: what there is in them and in the subject, when that
    was looked for before.
    """

    subject: str
    senders: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    kind: str = "human"
    outgoing: bool = False
    date: Day | None = None
    own_addresses: frozenset[str] = frozenset()
    own_domains: frozenset[str] = frozenset()
    company: str = ""
    parts: Parts = field(default_factory=Parts)
    found: Mentions | None = None

    @cached_property
    def mentions(self) -> Mentions:
        """What the message says that may name a record."""
        if self.found is not None:
            return self.found
        return mentions_of(replace(self.parts, subject=self.subject), ours=self.outgoing)

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """What may be numbers written in somebody's own way; asked only where one was taught."""
        said = (*tokens_in(SUBJECT, self.subject), *tokens_in(TEXT, self.mentions.around))
        return said[:_MOST_TOKENS]

    @cached_property
    def passed_on(self) -> tuple[str, ...]:
        """Who wrote what colleagues hand each other, when nobody else is on the message."""
        if not self.senders or self._on_it():
            return ()
        return tuple(one for one in self.mentions.writers if self._is_foreign(one))

    @cached_property  # every signal asks
    def correspondents(self) -> tuple[Correspondent, ...]:
        """The mailboxes of the other side, once each, senders first; at most 200.

        When colleagues pass a letter on among themselves, its writer.
        """
        if on_it := self._on_it():
            return on_it
        return tuple(
            Correspondent(one, one.rpartition("@")[2], written=True, passed_on=True)
            for one in self.passed_on[:1]
        )

    def _on_it(self) -> tuple[Correspondent, ...]:
        found: dict[str, Correspondent] = {}
        for mailbox, written in self._mailboxes():
            address = mailbox.address.strip().lower()
            if address not in found and self._is_foreign(address):
                domain = address.rpartition("@")[2]
                found[address] = Correspondent(address, domain, written)
            if len(found) == _MOST_ADDRESSES:
                break
        return tuple(found.values())

    def _is_foreign(self, address: str) -> bool:
        local, at, domain = address.rpartition("@")
        ours = address in self.own_addresses or domain in self.own_domains
        return bool(at and local and domain) and not ours

    def _mailboxes(self) -> Iterator[tuple[Mailbox, bool]]:
        for mailbox in (*self.senders, *self.reply_to):
            yield mailbox, True
        for mailbox in self.to:
            yield mailbox, self.outgoing
        for mailbox in self.cc:
            yield mailbox, False


class KnownParty(Struct, frozen=True):
    """A party that the address book has under an address or a domain.

    `kind` is the party's. `declared`: the ERP itself gives the whole domain (`@domain`) to the
    party; else the domain is only that of some of its addresses. `times`: in how many conversations
    people linked an address to the party that is in no book, 0 for one that is.
    """

    party_id: int
    name: str
    company: str = ""
    kind: str = "customer"
    contact_id: int | None = None
    contact_name: str = ""
    declared: bool = False
    times: int = 0


class KnownDocument(Struct, frozen=True):
    """A document of the ERP that a candidate may mean; `party_name` is for people."""

    entity_id: int
    kind: str
    code: str
    company: str = ""
    year: int | None = None
    series: str = ""
    number: str = ""
    version: int = 0
    party_id: int | None = None
    party_name: str = ""
    date: Day | None = None
    state: str = ""
    their_reference: str = ""
    title: str = ""
    sdi_file: str = ""
    amount: Decimal | None = None
    due_date: Day | None = None
    open_amount: Decimal | None = None


class KnownFolder(Struct, frozen=True):
    """A folder that the message lies in and that stands for a record, as a person has said.

    `name`: with those that it is in; `party_id`: the record itself, or whose it is.
    """

    folder_id: int
    name: str
    entity_id: int
    kind: str
    company: str = ""
    party_id: int | None = None
    party_name: str = ""


class ParentLink(Struct, frozen=True):
    """A link of the message that this one answers. `label`: for people, a party's
    name, a document's code.
    """

    entity_id: int
    kind: str
    state: LinkState
    score: int
    party_id: int | None = None
    company: str = ""
    label: str = ""
    method: str = ""


class Parent(Struct, frozen=True):
    """The message that this one answers, or else the latest one known of those it refers to.

    `participants`: every address in its From, To and Cc, lower case. `certified`: it is a letter of
    certified mail, and this one the receipt of it that a provider signed.
    """

    links: tuple[ParentLink, ...] = ()
    participants: frozenset[str] = frozenset()
    subject: str = ""
    date: Day | None = None
    certified: bool = False


class Knowledge(Struct, frozen=True):
    """What the database found for `Needs`.

    `addresses`, `domains`: in lower case. `documents`: answer the needs' numbers and codes. `vats`:
    parties by VAT number. `filed`: documents whose electronic file the message names. `folders`:
    what it lies in. `payable`: documents of the parties on it that may be what it says was paid.
    `noticed`: by the exchange's number of an invoice, the links of its earlier notices.
    `perhaps_of`: the links of the letters that a receipt may be of. `rejected`: entities that a
    person refused in this thread.
    """

    addresses: Mapping[str, tuple[KnownParty, ...]] = field(default_factory=dict)
    domains: Mapping[str, tuple[KnownParty, ...]] = field(default_factory=dict)
    documents: tuple[KnownDocument, ...] = ()
    vats: Mapping[str, tuple[KnownParty, ...]] = field(default_factory=dict)
    filed: tuple[KnownDocument, ...] = ()
    folders: tuple[KnownFolder, ...] = ()
    payable: tuple[KnownDocument, ...] = ()
    noticed: Mapping[str, tuple[ParentLink, ...]] = field(default_factory=dict)
    perhaps_of: tuple[ParentLink, ...] = ()
    parent: Parent | None = None
    rejected: frozenset[int] = frozenset()


class Needs(Struct, frozen=True):
    """What to look up before linking.

    `addresses`: in the address book. `domains`: parties with `@domain` or with addresses there.
    Documents: of one of `kinds` whose number is in `numbers` (canonical, see
    `numbers.canonical_number`) or whose code in upper case is in `codes`, and whatever has one of
    `references` as the other side's reference. `vats`, `files`: see `linking.invoice_keys`. `paid`:
    amounts of documents of whoever has the addresses and domains.
    """

    addresses: frozenset[str]
    domains: frozenset[str]
    candidates: tuple[NumberCandidate, ...] = ()
    vats: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    paid: tuple[Decimal, ...] = ()

    @property
    def numbers(self) -> frozenset[str]:
        """Numbers to look for, in canonical form."""
        return frozenset(one.number for one in self.candidates if one.number)

    @property
    def references(self) -> frozenset[str]:
        """What may be the other side's own references, as they are written."""
        return frozenset(one.written for one in self.candidates if one.written)

    @property
    def codes(self) -> frozenset[str]:
        """Whole codes to look for, in upper case."""
        return frozenset(
            code for one in self.candidates if one.code for code in codes_like(one.code)
        )

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of document that the candidates can be."""
        return frozenset(kind for one in self.candidates for kind in one.kinds)
