"""What is sold and to be done in an Odoo: its leads and opportunities, and the activities on them, on
partners and on documents."""

from collections.abc import Callable, Sequence

from tui_mail.connectors import odoo_models as words
from tui_mail.connectors.odoo_calls import Values
from tui_mail.connectors.odoo_parties import Parties
from tui_mail.connectors.since import Gathered
from tui_mail.values import EntityRecord, Reference

Named = dict[tuple[str, int], list[Reference]]
"""What records are called here, by model and id."""


class Crm:
    """Leads, opportunities and activities of one reading, whose parties and documents are read."""

    def __init__(
        self, found: Gathered, parties: Parties, named: Named, form: Callable[[str, int], str]
    ) -> None:
        self._found = found
        self._parties = parties
        self._named = named
        self._form = form

    def take_lead(self, row: Values) -> None:
        if words.text(row, "type") == "lead":
            self._named["crm.lead", row["id"]] += self._parties.take_lead(row)
            return
        for company in self._parties.companies_of(row):
            party, contact = self._parties.of(row, "customer", company)
            record = EntityRecord(
                company=company,
                kind="opportunity",
                code=str(row["id"]),
                title=words.text(row, "name"),
                party=party,
                contact=contact,
                number=str(row["id"]),
                due_date=words.day(row, "date_deadline"),
                amount=words.amount(row, "expected_revenue"),
                currency=words.name_of(row, "company_currency"),
                state="open" if row.get("active", True) else "closed",
                url=self._form("crm.lead", row["id"]),
                details={"stage": words.name_of(row, "stage_id")},
            )
            self._named["crm.lead", row["id"]].append(self._found.add(record))

    def take_activity(self, row: Values) -> None:
        model, record_id = words.text(row, "res_model"), row.get("res_id")
        about = self._named.get((model, record_id), []) if isinstance(record_id, int) else []
        partner = {"partner_id": record_id} if model == "res.partner" else {}
        companies = [one.company for one in about] or self._parties.companies_of(partner)
        for place, company in enumerate(companies):
            party = self._parties.of(partner, "customer", company)[0] if partner else None
            record = EntityRecord(
                company=company,
                kind="activity",
                code=str(row["id"]),
                title=words.text(row, "summary") or words.name_of(row, "activity_type_id"),
                party=party or (self._whose(about[place]) if about else None),
                number=str(row["id"]),
                due_date=words.day(row, "date_deadline"),
                state="open" if row.get("active", True) else "closed",
                details={
                    "kind": words.name_of(row, "activity_type_id"),
                    "operator": self._parties.login(words.number_of(row, "user_id")),
                    **_document(about, place),
                },
            )
            reference = self._found.add(record)
            if _document(about, place):
                self._found.relate(about[place], reference)

    def _whose(self, about: Reference) -> Reference | None:
        """The party of what an activity is about, or that itself."""
        return about if about.kind == "lead" else self._found.entities[about].party


def _document(about: Sequence[Reference], place: int) -> dict[str, str]:
    """The document that an activity is about, as a detail of it."""
    if not about or about[place].kind == "lead":
        return {}
    return {"document": f"{about[place].kind}:{about[place].code}"}
