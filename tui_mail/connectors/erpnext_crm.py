"""What is sold and to be done in an ERPNext: opportunities, to-dos and events."""

from collections.abc import Callable

from tui_mail.connectors import erpnext_doctypes as words
from tui_mail.connectors.erpnext_doctypes import KINDS, Values
from tui_mail.connectors.erpnext_people import People
from tui_mail.connectors.since import Gathered
from tui_mail.linking.numbers import canonical_number
from tui_mail.values import EntityRecord, Reference


class Crm:
    """Opportunities, to-dos and events of one reading, whose parties and documents are read."""

    def __init__(self, found: Gathered, people: People, form: Callable[[str, str], str]) -> None:
        self._found = found
        self._people = people
        self._form = form

    def take_chance(self, row: Values) -> None:
        company = self._people.company(words.text(row, "company"))
        if company is None:
            return
        doctype, name = words.text(row, "opportunity_from"), words.text(row, "party_name")
        self._found.add(
            EntityRecord(
                company=company,
                kind="opportunity",
                code=row["name"],
                title=words.text(row, "title"),
                party=self._people.reference(doctype, name, company),
                number=canonical_number(row["name"]),
                date=words.day(row, "transaction_date"),
                due_date=words.day(row, "expected_closing"),
                amount=words.amount(row, "opportunity_amount"),
                currency=words.text(row, "currency"),
                state=words.state(row),
                url=self._form("Opportunity", row["name"]),
                details=words.filled("stage", words.text(row, "sales_stage")),
            )
        )

    def take_to_do(self, row: Values) -> None:
        doctype, name = words.text(row, "reference_type"), words.text(row, "reference_name")
        about = self._about(doctype, name)
        for company in [one.company for one in about] or self._people.companies:
            document = next((one for one in about if one.company == company), None)
            party = self._people.reference(doctype, name, company)
            if party is None and document is not None:
                party = self._found.entities[document].party
            activity = self._found.add(
                EntityRecord(
                    company=company,
                    kind="activity",
                    code=row["name"],
                    title=words.plain(words.text(row, "description")),
                    party=party,
                    number=canonical_number(row["name"]),
                    due_date=words.day(row, "date"),
                    state=words.state(row),
                    url=self._form("ToDo", row["name"]),
                    details={
                        **words.filled("operator", words.text(row, "allocated_to")),
                        **words.filled(
                            "document", f"{document.kind}:{document.code}" if document else ""
                        ),
                    },
                )
            )
            if document is not None:
                self._found.relate(document, activity)

    def take_event(self, row: Values) -> None:
        for company in self._people.companies:
            self._found.add(
                EntityRecord(
                    company=company,
                    kind="activity",
                    code=row["name"],
                    title=words.text(row, "subject"),
                    number=canonical_number(row["name"]),
                    due_date=words.day(row, "starts_on"),
                    state=words.state(row),
                    url=self._form("Event", row["name"]),
                    details=words.filled("kind", words.text(row, "event_category")),
                )
            )

    def _about(self, doctype: str, name: str) -> list[Reference]:
        """What a to-do is about, if it was read: of one company, since its name is there once."""
        kinds = {KINDS.get(doctype, ""), "credit_note" if "Invoice" in doctype else ""} - {""}
        candidates = (
            Reference(kind, name, company) for kind in kinds for company in self._people.companies
        )
        return [one for one in candidates if one in self._found.entities]
