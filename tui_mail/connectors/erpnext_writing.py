"""Records made here as ERPNext makes them: contacts, leads, opportunities, to-dos.

It names documents itself and has no place for a mark of ours, so a ticket is what was there before
that is the same: what has come since is ours. Hides DocTypes, fields and companies' names.
"""

import html
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from tui_mail.connectors import erpnext_doctypes as words
from tui_mail.connectors.erpnext_calls import NoDoctype, Site
from tui_mail.connectors.erpnext_doctypes import PARTY_KINDS, Values
from tui_mail.errors import MayOnlyRead, Refused
from tui_mail.i18n import _
from tui_mail.values import NewEntity, WrittenEntity

_DOCTYPES = {
    "contact": "Contact",
    "lead": "Lead",
    "opportunity": "Opportunity",
    "activity": "ToDo",
}
_NAMED = {kind: doctype for doctype, kind in PARTY_KINDS.items()}
_MOST = 500
_LONGEST = 140  # characters of a field of one line


class Making:
    """Makes documents in a site. `form`: where a document is shown."""

    def __init__(self, site: Site, form: Callable[[str, str], str]) -> None:
        self._site = site
        self._form = form

    def ticket(self, record: NewEntity) -> str:
        """The names of what is the same there. Raises as `make`."""
        try:
            return json.dumps(sorted(self._same(_cut(record))))
        except NoDoctype as error:
            raise _missing(error) from error

    def make(self, record: NewEntity, ticket: str) -> WrittenEntity:
        """Raises Refused, MayOnlyRead, and what asking raises."""
        doctype, record = _DOCTYPES[record.kind], _cut(record)
        try:
            ours = sorted(set(self._same(record)) - set(json.loads(ticket)))
            name = ours[0] if ours else self._site.make(doctype, self._values(record))
        except NoDoctype as error:
            raise _missing(error) from error
        code = name
        if record.kind == "contact" and record.party is not None:
            code = f"{record.party.kind}/{record.party.code}/{name}"
        return WrittenEntity(code, self._form(doctype, name))

    # -- what is there

    def _same(self, record: NewEntity) -> Iterable[str]:
        """The names of documents that say what `record` does."""
        same = {
            "contact": self._same_contacts,
            "lead": self._same_leads,
            "opportunity": self._same_opportunities,
            "activity": self._same_to_dos,
        }[record.kind]
        return same(record)

    def _same_contacts(self, record: NewEntity) -> list[str]:
        doctype, party = self._party(record)
        where = (["link_doctype", "=", doctype], ["link_name", "=", party])
        links = self._site.rows_of("Dynamic Link", ("parent",), "Contact", None, *where)
        names = {words.text(link, "parent") for link in links}
        return [
            row["name"]
            for row in self._site.named("Contact", words.CONTACT, names)
            if _full_name(row) == record.title
        ]

    def _same_leads(self, record: NewEntity) -> list[str]:
        by = ["email_id", "=", record.address]
        if not record.address:
            by = ["company_name", "=", record.title]
        return [row["name"] for row in self._site.first("Lead", ("company_name",), [by], _MOST)]

    def _same_opportunities(self, record: NewEntity) -> list[str]:
        doctype, party = self._party(record)
        where = [["opportunity_from", "=", doctype], ["party_name", "=", party]]
        rows = self._site.first("Opportunity", ("title",), where, _MOST)
        return [row["name"] for row in rows if words.text(row, "title") == record.title]

    def _same_to_dos(self, record: NewEntity) -> list[str]:
        where = [[name, "=", value] for name, value in self._about(record).items()]
        if record.due is not None:
            where.append(["date", "=", record.due.isoformat()])
        rows = self._site.first("ToDo", ("description",), where, _MOST)
        return [
            row["name"]
            for row in rows
            if words.plain(words.text(row, "description")) == record.title
        ]

    # -- what is to be there

    def _values(self, record: NewEntity) -> Mapping[str, Any]:
        values = {
            "contact": self._contact,
            "lead": self._lead,
            "opportunity": self._opportunity,
            "activity": self._to_do,
        }[record.kind](record)
        return {name: value for name, value in values.items() if value}

    def _contact(self, record: NewEntity) -> dict[str, Any]:
        doctype, party = self._party(record)
        first, _space, last = record.title.partition(" ")
        phone = record.details.get("phone", "")
        return {
            "first_name": first,
            "last_name": last,
            "designation": record.details.get("role", ""),
            "email_ids": [{"email_id": record.address, "is_primary": 1}] if record.address else [],
            "phone_nos": [{"phone": phone, "is_primary_phone": 1}] if phone else [],
            "links": [{"link_doctype": doctype, "link_name": party}],
        }

    def _lead(self, record: NewEntity) -> dict[str, Any]:
        first, _space, last = record.details.get("contact", "").partition(" ")
        return {
            "company_name": record.title,
            "first_name": first,
            "last_name": last,
            "email_id": record.address,
            "phone": record.details.get("phone", ""),
            "company": self._company(record),
        }

    def _opportunity(self, record: NewEntity) -> dict[str, Any]:
        doctype, party = self._party(record)
        if doctype == "Supplier":
            raise Refused(
                _("ERPNext has opportunities of customers and leads only, and {name} is none.")
                .format(name=record.party_name)
            )  # fmt: skip
        return {
            "opportunity_from": doctype,
            "party_name": party,
            "title": record.title,
            "sales_stage": record.details.get("stage", ""),
            "company": self._company(record),
        }

    def _to_do(self, record: NewEntity) -> dict[str, Any]:
        return {
            "description": html.escape(record.title, quote=False),
            "date": record.due.isoformat() if record.due else "",
            **self._about(record),
        }

    def _about(self, record: NewEntity) -> dict[str, str]:
        if record.party is None:
            return {}
        doctype, party = self._party(record)
        return {"reference_type": doctype, "reference_name": party}

    def _party(self, record: NewEntity) -> tuple[str, str]:
        """DocType and name of whose it is."""
        party = record.party
        if party is None or party.kind not in _NAMED:
            raise Refused(_("ERPNext needs a customer, supplier or lead: link the message to one."))
        return _NAMED[party.kind], party.code

    def _company(self, record: NewEntity) -> str:
        """The company's name there, which is known here by its abbreviation."""
        for row in self._site.rows("Company", ("abbr",)):
            if record.company in {words.text(row, "abbr"), row["name"]}:
                return str(row["name"])
        raise Refused(
            _("ERPNext has no company {company} any more.").format(company=record.company)
        )


def _cut(record: NewEntity) -> NewEntity:
    """As much of it as goes into ERPNext's fields."""
    return replace(record, title=record.title[:_LONGEST].rstrip())


def _full_name(row: Values) -> str:
    names = (words.text(row, "first_name"), words.text(row, "last_name"))
    return " ".join(filter(None, names))


def _missing(error: NoDoctype) -> MayOnlyRead | Refused:
    if error.denied:
        return MayOnlyRead(
            _(
                "The key's user may not make this in ERPNext: give it the right, then press R on"
                " the record's card, or tui-mail erp write --again."
            )
        )
    return Refused(
        _(
            "ERPNext has no such documents: install its module, then R on the record's"
            " card, or tui-mail erp write --again."
        )
    )
