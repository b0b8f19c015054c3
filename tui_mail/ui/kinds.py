"""What kinds of records, folders and states are called on the screen: hides the codes of the contract."""

from tui_mail.i18n import _, pgettext
from tui_mail.safetext import SafeText, safe
from tui_mail.search.kinds import ABBREVIATIONS, NAMES
from tui_mail.search.places import place_name
from tui_mail.values import PARTY_KINDS


def is_party(kind: str) -> bool:
    """Whether records of `kind` are people or firms rather than documents."""
    return kind in PARTY_KINDS or kind == "contact"


def abbreviation(kind: str) -> SafeText:
    """Two or three letters for a kind of record."""
    return safe(_(ABBREVIATIONS[kind]) if kind in ABBREVIATIONS else kind[:4].upper())


def kind_name(kind: str) -> SafeText:
    """A kind of record in words."""
    return safe(_(NAMES[kind]) if kind in NAMES else kind)


def state_name(state: str) -> SafeText:
    """The state of a document in words; a state of the ERP's own as it is."""
    names = {"open": pgettext("state", "open"), "closed": _("closed"), "cancelled": _("cancelled")}
    return safe(names.get(state, state))


def care_name(state: str) -> SafeText:
    """The state of a conversation in words."""
    names = {
        "open": pgettext("conversation", "open"),
        "waiting": pgettext("conversation", "waiting"),
        "done": pgettext("conversation", "done"),
    }
    return safe(names.get(state, state))


def link_name(state: str) -> SafeText:
    """The state of a link in words."""
    names = {
        "automatic": _("automatic"),
        "proposed": _("proposed"),
        "confirmed": _("confirmed"),
        "rejected": _("rejected"),
    }
    return safe(names.get(state, state))


def said_by(state: str, why: str, who: str) -> str:
    """Why a link is there, with who has said that it is right, or wrong."""
    if state == "rejected":
        return _("{why}, rejected by {by}").format(why=why, by=who)
    return _("{why}, confirmed by {by}").format(why=why, by=who)


def method_name(method: str) -> SafeText:
    """By what a link was found, in a word or two; "" where nothing has found it yet."""
    names = {
        "": "",
        "hand": pgettext("method", "by hand"),
        "composed": pgettext("method", "by its writer"),
        "folder": pgettext("method", "folder"),
        "address": pgettext("method", "address"),
        "learned": pgettext("method", "learnt address"),
        "domain": pgettext("method", "domain"),
        "thread": pgettext("method", "conversation"),
        "number": pgettext("method", "subject"),
        "text": pgettext("method", "text"),
        "quoted": pgettext("method", "quoted text"),
        "file_name": pgettext("method", "file name"),
        "file_text": pgettext("method", "text of a file"),
        "reference": pgettext("method", "their reference"),
        "vat": pgettext("method", "VAT number"),
        "file": pgettext("method", "invoice file"),
        "amount": pgettext("method", "amount"),
        "payment": pgettext("method", "payment"),
        "exchange": pgettext("method", "SdI number"),
        "receipt": pgettext("method", "receipt"),
    }
    return safe(names.get(method, method))


def detail_name(key: str) -> SafeText:
    """A detail of a record's card in words; a key of the ERP's own as it is."""
    names = {
        "vat": _("VAT number"),
        "tax_code": _("tax code"),
        "pec": _("certified mail"),
        "language": _("language"),
        "city": _("city"),
        "country": _("country"),
        "blocked": _("blocked"),
        "method": _("payment"),
        "level": _("reminders"),
        "disputed": _("disputed"),
        "stage": _("stage"),
        "role": _("role"),
        "phone": _("telephone"),
        "contact": _("person"),
        "email": _("e-mail"),
        "operator": _("operator"),
        "active": _("active"),
        "document": _("document"),
        "kind": _("kind"),
        "name": _("name"),
        "customer_code": _("customer code"),
        "instalment": _("instalment"),
        "invoice": _("invoice"),
        "left_on": _("left on"),
        "opportunity": _("opportunity"),
        "sdi_file": _("SDI file"),
        "sdi_id": _("SDI number"),
    }
    return safe(names.get(key, key.replace("_", " ")))


def activity_name(kind: str) -> SafeText:
    """A kind of activity in words; a word of the ERP's own as it is."""
    names = {
        "call": _("telephone call"),
        "meeting": _("meeting"),
        "visit": _("visit"),
        "task": _("task"),
        "email": _("e-mail"),
    }
    return safe(names.get(kind.lower(), kind))


def folder_name(role: str, name: str) -> SafeText:
    """A folder by what it is for, else by its own name."""
    return safe(place_name(role, name))


def account_name(email: str) -> SafeText:
    """An account in a narrow place: what stands before the at sign, and the sign."""
    return safe(f"{email.partition('@')[0]}@")
