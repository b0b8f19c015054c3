"""Who is in an ERPNext: its companies and users, parties, and the contacts and addresses that are
tied to them by Dynamic Link."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from tui_mail.connectors import erpnext_doctypes as words
from tui_mail.connectors.emails import emails
from tui_mail.connectors.erpnext_calls import NAMES_AT_ONCE, Filter, NoDoctype, Site
from tui_mail.connectors.erpnext_doctypes import PARTIES, PARTY_KINDS, Values
from tui_mail.connectors.since import Gathered
from tui_mail.errors import NotAllowed
from tui_mail.i18n import _
from tui_mail.values import AddressRecord, CompanyRecord, EntityRecord, Reference

Rows = Callable[[str, Sequence[str], Sequence[Filter]], Iterable[Values]]
_OWN_USERS = frozenset({"Guest", "Administrator"})
_LINK = ("parent", "link_doctype", "link_name")
_EMAIL = ("parent", "email_id", "is_primary")
_LINKED = ["link_doctype", "in", list(PARTIES)]


class People:
    """Companies and parties as far as they are read."""

    def __init__(self, site: Site, found: Gathered, form: Callable[[str, str], str]) -> None:
        self._site = site
        self._found = found
        self._form = form
        self._abbreviations: dict[str, str] = {}
        self._used: dict[str, set[str]] = defaultdict(set)
        self._parties: dict[tuple[str, str], list[Reference]] = {}
        self._contacts: dict[str, dict[Reference, Reference]] = defaultdict(dict)

    @property
    def companies(self) -> list[str]:
        return list(self._abbreviations.values())

    def company(self, name: str) -> str | None:
        """The code of a company by its name there, None for one that is not there."""
        return self._abbreviations.get(name)

    def read_companies(self) -> None:
        """Companies are few, so always in whole. Raises NotAllowed."""
        try:
            for row in self._site.rows("Company", words.COMPANY):
                code = words.text(row, "abbr") or row["name"]
                self._abbreviations[row["name"]] = code
                domain = words.text(row, "domain").lower()
                self._found.companies.append(
                    CompanyRecord(
                        code,
                        name=row["name"],
                        vat=words.text(row, "tax_id"),
                        domains=(domain,) if "." in domain and " " not in domain else (),
                        addresses=emails(words.text(row, "email")),
                    )
                )
        except NoDoctype as error:
            raise NotAllowed(
                _("The key may not read ERPNext's companies: give its user the right to.")
            ) from error

    def take_user(self, row: Values) -> None:
        if row["name"] in _OWN_USERS:
            return
        enabled = bool(words.whole(row, "enabled"))
        title = words.text(row, "full_name")
        operator = self._found.add(
            EntityRecord("", "operator", row["name"], title=title, gone=not enabled)
        )
        for email in emails(row["name"]) if enabled else ():
            self._found.add_address(AddressRecord("", email, operator, purpose="operator"))

    def use(self, doctype: str, name: str) -> None:
        """A document names a party, which must be known then."""
        if doctype in PARTIES and name:
            self._used[doctype].add(name)

    def reference(self, doctype: str, name: str, company: str) -> Reference | None:
        """A party by its name there."""
        if doctype not in PARTY_KINDS:
            return None
        reference = Reference(PARTY_KINDS[doctype], name, company)
        return reference if reference in self._found.entities else None

    def contact(self, name: str, party: Reference | None) -> Reference | None:
        """The contact of that name, of a party."""
        return self._contacts[name].get(party) if name and party is not None else None

    def read(self, rows: Rows, changed: Sequence[Filter], *, whole: bool) -> None:
        """Parties that changed, or of which a contact did, and those that documents name."""
        contacts = {row["name"]: row for row in rows("Contact", words.CONTACT, changed)}
        places = {row["name"]: row for row in rows("Address", words.ADDRESS, changed)}
        known = {
            doctype: {row["name"]: row for row in rows(doctype, fields, changed)}
            for doctype, (_kind, fields) in PARTIES.items()
        }
        if not whole:
            for within, some in (("Contact", contacts), ("Address", places)):
                for link in self._rows_of("Dynamic Link", _LINK, within, some, _LINKED):
                    self.use(words.text(link, "link_doctype"), words.text(link, "link_name"))
        for doctype, (_kind, fields) in PARTIES.items():
            missing = self._used[doctype] - known[doctype].keys()
            if missing:
                known[doctype] |= {
                    row["name"]: row for row in self._named(doctype, fields, missing)
                }
            for row in known[doctype].values():
                self._take_party(doctype, row)
        self._read_people("Contact", words.CONTACT, contacts, whole=whole)
        self._read_people("Address", words.ADDRESS, places, whole=whole)

    def _read_people(
        self, doctype: str, fields: Sequence[str], known: dict[str, Values], *, whole: bool
    ) -> None:
        """All that hangs on the parties read: whoever is given comes with all addresses."""
        links: dict[str, list[Reference]] = defaultdict(list)
        for link in self._links(doctype, whole=whole):
            key = (words.text(link, "link_doctype"), words.text(link, "link_name"))
            links[words.text(link, "parent")] += self._parties.get(key, [])
        missing = [name for name in links if name not in known]
        rows = [*known.values(), *self._named(doctype, fields, missing)]
        more: dict[str, list[str]] = defaultdict(list)
        if doctype == "Contact":
            wanted = None if whole else [row["name"] for row in rows]
            for row in self._rows_of("Contact Email", _EMAIL, "Contact", wanted):
                more[words.text(row, "parent")] += emails(words.text(row, "email_id"))
        for row in rows:
            for party in links.get(row["name"], ()):
                every = dict.fromkeys((*emails(words.text(row, "email_id")), *more[row["name"]]))
                if doctype == "Contact":
                    self._take_contact(row, party, list(every))
                elif not words.whole(row, "disabled"):
                    self._take_place(row, party, list(every))

    def _links(self, doctype: str, *, whole: bool) -> Iterable[Values]:
        if whole:
            yield from self._rows_of("Dynamic Link", _LINK, doctype, None, _LINKED)
            return
        names = sorted({name for _doctype, name in self._parties})
        for start in range(0, len(names), NAMES_AT_ONCE):
            some = ["link_name", "in", names[start : start + NAMES_AT_ONCE]]
            yield from self._rows_of("Dynamic Link", _LINK, doctype, None, _LINKED, some)

    def _rows_of(
        self,
        table: str,
        fields: Sequence[str],
        within: str,
        parents: Collection[str] | None,
        *filters: Filter,
    ) -> Iterable[Values]:
        try:
            yield from self._site.rows_of(table, fields, within, parents, *filters)
        except NoDoctype:
            return

    def _named(
        self, doctype: str, fields: Sequence[str], names: Collection[str]
    ) -> Iterable[Values]:
        try:
            for row in self._site.named(doctype, fields, names):
                self._found.stamps[doctype, row["name"]] = words.text(row, "modified")
                yield row
        except NoDoctype:
            return

    def _take_party(self, doctype: str, row: Values) -> None:
        kind, (name, *_rest) = PARTIES[doctype]
        own = self.company(words.text(row, "company"))
        gone = bool(words.whole(row, "disabled"))
        pairs = (("vat", "tax_id"), ("language", "language"), ("company", "company_name"))
        details = {
            ours: words.text(row, theirs) for ours, theirs in pairs if words.text(row, theirs)
        }
        for company in [own] if own else self.companies:
            reference = self._found.add(
                EntityRecord(
                    company=company,
                    kind=kind,
                    code=row["name"],
                    title=words.text(row, name) or words.text(row, "company_name") or row["name"],
                    url=self._form(doctype, row["name"]),
                    details=details,
                    gone=gone,
                )
            )
            self._parties.setdefault((doctype, row["name"]), []).append(reference)
            for email in emails(words.text(row, "email_id")) if not gone else ():
                self._found.add_address(AddressRecord(company, email, reference, primary=True))

    def _take_contact(self, row: Values, party: Reference, every: Sequence[str]) -> None:
        role = words.text(row, "designation")
        names = (words.text(row, "first_name"), words.text(row, "last_name"))
        contact = self._found.add(
            EntityRecord(
                company=party.company,
                kind="contact",
                code=f"{party.kind}/{party.code}/{row['name']}",
                title=" ".join(filter(None, names)) or row["name"],
                party=party,
                url=self._form("Contact", row["name"]),
                details={"role": role} if role else {},
            )
        )
        self._contacts[row["name"]][party] = contact
        if not self._found.entities[party].gone:
            for email in every:
                self._found.add_address(AddressRecord(party.company, email, party, contact))

    def _take_place(self, row: Values, party: Reference, every: Sequence[str]) -> None:
        """Where a party is, with the address that its site reads."""
        record = self._found.entities[party]
        if words.text(row, "city") and "city" not in record.details:
            pairs = (("city", "city"), ("country", "country"))
            where = {key: words.text(row, name) for key, name in pairs if words.text(row, name)}
            self._found.entities[party] = replace(record, details={**record.details, **where})
        if not record.gone:
            for email in every:
                self._found.add_address(AddressRecord(party.company, email, party))
