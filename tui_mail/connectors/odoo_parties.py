"""Who is in an Odoo: its companies, users, partners with their contacts and addresses, leads.

A partner is a customer or a supplier, or both, by what it was invoiced and by the documents that
name it. One of no company in particular is one of each.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from tui_mail.connectors import odoo_models as words
from tui_mail.connectors.emails import emails
from tui_mail.connectors.odoo_calls import Domain, NoModel, Odoo, Values
from tui_mail.connectors.since import Gathered
from tui_mail.errors import NotAllowed
from tui_mail.i18n import _
from tui_mail.values import AddressRecord, CompanyRecord, EntityRecord, Reference

_RANKS = {"customer_rank": "customer", "supplier_rank": "supplier"}
_DETAILS = {
    "vat": "vat",
    "l10n_it_codice_fiscale": "tax_code",
    "l10n_it_pec_email": "pec",
    "l10n_it_pa_index": "sdi_code",
    "lang": "language",
    "city": "city",
    "ref": "reference",
}


class Parties:
    """Partners as far as they are read, by id."""

    def __init__(self, odoo: Odoo, found: Gathered, form: Callable[[str, int], str]) -> None:
        self._odoo = odoo
        self._found = found
        self._form = form
        self._companies: list[str] = []
        self._own: set[int] = set()
        self._logins: dict[int, str] = {}
        self._rows: dict[int, Values] = {}
        self._used: dict[int, set[str]] = defaultdict(set)
        self._kinds: dict[int, set[str]] = defaultdict(set)
        self.matching: set[Reference] = set()

    def read_companies(self) -> None:
        """Companies and users: few, so always in whole. Raises NotAllowed."""
        try:
            for row in self._odoo.rows("res.company", words.COMPANY, []):
                self._companies.append(str(row["id"]))
                self._own.add(words.number_of(row, "partner_id") or 0)
                self._found.companies.append(
                    CompanyRecord(
                        code=str(row["id"]),
                        name=words.text(row, "name"),
                        vat=words.text(row, "vat"),
                        addresses=emails(words.text(row, "email")),
                    )
                )
            for row in self._odoo.rows("res.users", words.USER, [["share", "=", False]]):
                self._take_user(row)
        except NoModel as error:
            raise NotAllowed(
                _("The key may not read Odoo's companies and users: give its user the right to.")
            ) from error

    def _take_user(self, row: Values) -> None:
        login = words.text(row, "login")
        if not login:
            return
        self._logins[row["id"]] = login
        self._own.add(words.number_of(row, "partner_id") or 0)
        active = bool(row.get("active", True))
        operator = self._found.add(
            EntityRecord("", "operator", login, title=words.text(row, "name"), gone=not active)
        )
        for email in emails(words.text(row, "email") or login) if active else ():
            self._found.add_address(AddressRecord("", email, operator, purpose="operator"))

    def login(self, user_id: int | None) -> str:
        return self._logins.get(user_id or 0, "")

    def companies_of(self, row: Values) -> Sequence[str]:
        """The company of a record, all where it has none."""
        company = words.number_of(row, "company_id")
        return self._companies if company is None else [str(company)]

    def use(self, kind: str, row: Values) -> None:
        """A document names its partner as a customer, or as a supplier."""
        partner = words.number_of(row, "partner_id")
        if partner is not None:
            self._used[partner].add(kind)

    def need(self, partner: int) -> None:
        """Something names this partner, neither as a customer nor as a supplier."""
        self._used[partner] |= set()

    def read(self, changed: Domain) -> None:
        """Partners that changed, those that documents name, and the party of each."""
        self._keep(self._odoo.rows("res.partner", words.PARTNER, changed))
        self._complete()

    def read_some(self, domain: Domain, limit: int) -> None:
        """A few partners of a domain, in `matching`, and those that documents name."""
        some = self._odoo.first("res.partner", words.PARTNER, domain, limit)
        self._keep(some)
        self._complete()
        ids = {str(row["id"]) for row in some}
        self.matching = {
            one
            for one in self._found.entities
            if one.kind in {"customer", "supplier"} and one.code in ids
        }

    def _complete(self) -> None:
        self._keep(self._by_id(self._used))
        self._keep(self._by_id({self._party(row) for row in self._rows.values()}))
        for row in self._rows.values():
            self._kinds[self._party(row)] |= self._used.get(row["id"], set())
            for rank, kind in _RANKS.items():
                if words.amount(row, rank):
                    self._kinds[self._party(row)].add(kind)
        for row in sorted(self._rows.values(), key=lambda row: self._party(row) != row["id"]):
            self._take(row)

    def _by_id(self, ids: Iterable[int]) -> list[Values]:
        wanted = [one for one in ids if one not in self._rows]
        return list(self._odoo.rows_of("res.partner", words.PARTNER, "id", wanted))

    def _keep(self, rows: Iterable[Values]) -> None:
        for row in rows:
            self._rows[row["id"]] = row

    @staticmethod
    def _party(row: Values) -> int:
        return words.number_of(row, "commercial_partner_id") or int(row["id"])

    def _kinds_of(self, party: int) -> list[str]:
        """Whoever is in the address book without a document may become a customer."""
        kinds = self._kinds.get(party) or (set() if party in self._own else {"customer"})
        return sorted(kinds)

    def of(self, row: Values, kind: str, company: str) -> tuple[Reference | None, Reference | None]:
        """The party that a document names, and its contact where it names one."""
        partner = words.number_of(row, "partner_id")
        known = self._rows.get(partner or 0)
        if known is None or partner is None:
            return None, None
        party = self._party(known)
        if kind not in (kinds := self._kinds_of(party)):
            kind = kinds[0] if kinds else kind
        reference = Reference(kind, str(party), company)
        if reference not in self._found.entities:
            return None, None
        if party == partner:
            return reference, None
        return reference, Reference("contact", f"{kind}/{party}/{partner}", company)

    def _take(self, row: Values) -> None:
        partner, party = int(row["id"]), self._party(row)
        self._found.stamps["res.partner", str(partner)] = words.text(row, "write_date")
        whole = self._rows.get(party, row)
        for company in self.companies_of(row):
            if party != partner and company not in self.companies_of(whole):
                continue
            for kind in self._kinds_of(party):
                if party == partner:
                    self._take_party(row, Reference(kind, str(party), company))
                else:
                    self._take_contact(row, Reference(kind, str(party), company))

    def _take_party(self, row: Values, reference: Reference) -> None:
        details = {
            ours: words.text(row, theirs)
            for theirs, ours in _DETAILS.items()
            if words.text(row, theirs)
        }
        country = words.name_of(row, "country_id")
        gone = row.get("active") is False
        self._found.add(
            EntityRecord(
                company=reference.company,
                kind=reference.kind,
                code=reference.code,
                title=words.text(row, "name"),
                url=self._form("res.partner", row["id"]),
                details={**details, **({"country": country} if country else {})},
                gone=gone,
            )
        )
        if not gone:
            self._take_addresses(row, reference, None)

    def _take_contact(self, row: Values, party: Reference) -> None:
        role = words.text(row, "function")
        gone = row.get("active") is False
        contact = self._found.add(
            EntityRecord(
                company=party.company,
                kind="contact",
                code=f"{party.kind}/{party.code}/{row['id']}",
                title=words.text(row, "name"),
                party=party,
                details={"role": role} if role else {},
                gone=gone,
            )
        )
        if not gone:
            self._take_addresses(row, party, contact)

    def _take_addresses(self, row: Values, party: Reference, contact: Reference | None) -> None:
        for purpose, name in (("pec", "l10n_it_pec_email"), ("", "email")):
            for place, email in enumerate(emails(words.text(row, name))):
                self._found.add_address(
                    AddressRecord(
                        party.company,
                        email,
                        party,
                        contact,
                        purpose=purpose,
                        primary=not purpose and not place and contact is None,
                    )
                )

    def take_lead(self, row: Values) -> list[Reference]:
        """Someone who asked, and is no partner yet: in each company that sees it."""
        taken = []
        gone = row.get("active") is False
        for company in self.companies_of(row):
            names = [words.text(row, name) for name in ("partner_name", "contact_name", "name")]
            lead = self._found.add(
                EntityRecord(
                    company=company,
                    kind="lead",
                    code=str(row["id"]),
                    title=next(filter(None, names), ""),
                    url=self._form("crm.lead", row["id"]),
                    details={"stage": words.name_of(row, "stage_id")},
                    gone=gone,
                )
            )
            for email in emails(words.text(row, "email_from")) if not gone else ():
                self._found.add_address(AddressRecord(company, email, lead))
            taken.append(lead)
        return taken
