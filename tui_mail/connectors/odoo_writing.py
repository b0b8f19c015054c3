"""Records made here as Odoo makes them: contacts, leads, opportunities, activities.

They come in the way of its own import, with an external id of ours: given again it finds the record
that it made, and leaves it as it is, whatever people did to it meanwhile.
https://www.odoo.com/documentation/18.0/developer/reference/backend/orm.html (`load`)
Hides models and columns.
"""

from collections.abc import Callable, Mapping

from tui_mail.connectors import odoo_models as words
from tui_mail.connectors.odoo_calls import NoModel, Odoo
from tui_mail.errors import MayOnlyRead, Refused
from tui_mail.i18n import _
from tui_mail.values import NewEntity, Reference, WrittenEntity

# Where an activity is kept: the model, and its external id.
_MODELS = {
    "customer": ("res.partner", "base.model_res_partner"),
    "supplier": ("res.partner", "base.model_res_partner"),
    "lead": ("crm.lead", "crm.model_crm_lead"),
}
_TO_DO = "mail.mail_activity_data_todo"


class Making:
    """Makes records in a database of Odoo's. `form`: where a record of a model is shown."""

    def __init__(self, odoo: Odoo, form: Callable[[str, int], str]) -> None:
        self._odoo = odoo
        self._form = form

    def make(self, record: NewEntity, ticket: str) -> WrittenEntity:
        """Raises Refused, MayOnlyRead, and what asking raises."""
        make = {
            "contact": self._contact,
            "lead": self._lead,
            "opportunity": self._opportunity,
            "activity": self._activity,
        }[record.kind]
        try:
            return make(record, ticket)
        except NoModel as error:
            if error.denied:
                raise MayOnlyRead(
                    _(
                        "The key's user may not make this in Odoo: give it the right, then press R on"
                        " the record's card, or tui-mail erp write --again."
                    )
                ) from error
            raise Refused(
                _(
                    "Odoo has no such records: install its module, then R on the record's"
                    " card, or tui-mail erp write --again."
                )
            ) from error

    def _contact(self, record: NewEntity, ticket: str) -> WrittenEntity:
        party = self._partner(record)
        found = self._odoo.first("res.partner", ("company_id",), [["id", "=", party]], 1)
        if not found:
            raise Refused(
                _("{name} is not in Odoo any more: link the message to another firm.").format(
                    name=record.party_name
                )
            )
        company = words.number_of(found[0], "company_id")
        columns = {
            "name": record.title,
            "type": "contact",
            "parent_id/.id": str(party),
            "company_id/.id": str(company or ""),
            "email": record.address,
            "phone": record.details.get("phone", ""),
            "function": record.details.get("role", ""),
        }
        made = self._made("res.partner", columns, ticket)
        assert record.party is not None
        return self._written("res.partner", made, f"{record.party.kind}/{party}/{made}")

    def _lead(self, record: NewEntity, ticket: str) -> WrittenEntity:
        columns = {
            "type": "lead",
            "name": record.title,
            "partner_name": record.title,
            "contact_name": record.details.get("contact", ""),
            "email_from": record.address,
            "phone": record.details.get("phone", ""),
            "company_id/.id": record.company,
        }
        return self._written("crm.lead", self._made("crm.lead", columns, ticket))

    def _opportunity(self, record: NewEntity, ticket: str) -> WrittenEntity:
        columns = {
            "type": "opportunity",
            "name": record.title,
            "partner_id/.id": str(self._partner(record)) if record.party else "",
            "stage_id": record.details.get("stage", ""),
            "company_id/.id": record.company,
        }
        return self._written("crm.lead", self._made("crm.lead", columns, ticket))

    def _activity(self, record: NewEntity, ticket: str) -> WrittenEntity:
        party = record.party or Reference("", "")
        model, model_name = _MODELS.get(party.kind, ("", ""))
        if not model or not party.code.isdecimal():
            raise Refused(
                _("Odoo keeps an activity with a firm: link the message to one, and make it anew.")
            )
        columns = {
            "summary": record.title,
            "res_model_id/id": model_name,
            "res_id": party.code,
            "activity_type_id/id": _TO_DO,
            "date_deadline": record.due.isoformat() if record.due else "",
        }
        made = self._made("mail.activity", columns, ticket)
        return WrittenEntity(str(made), self._form(model, int(party.code)))

    def _partner(self, record: NewEntity) -> int:
        """The party's id there."""
        party = record.party
        if party is None or party.kind not in {"customer", "supplier"}:
            raise Refused(
                _("{name} is no customer in Odoo yet: make the lead one there first.").format(
                    name=record.party_name or record.title
                )
            )
        return int(party.code)

    def _made(self, model: str, columns: Mapping[str, str], ticket: str) -> int:
        """What is empty, or what this Odoo has no field for, is left out."""
        there = self._odoo.fields(model, sorted({_field(name) for name in columns}))
        given = {name: text for name, text in columns.items() if text and _field(name) in there}
        return self._odoo.load(model, given, ticket)

    def _written(self, model: str, made: int, code: str = "") -> WrittenEntity:
        return WrittenEntity(code or str(made), self._form(model, made))


def _field(column: str) -> str:
    return column.partition("/")[0]
