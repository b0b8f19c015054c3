"""What sort of message this is, by its own marks: only a person's mail may be answered by rules."""

import re
from collections.abc import Mapping, Sequence

from tui_mail.mail.structure import Part

# Messages about another one, which is in them only to say which.
REPORT_KINDS = frozenset({"bounce", "receipt", "pec_receipt"})

_REPLY_BY_ITSELF = re.compile(
    r"(?:out of (?:the )?office|automatic reply|auto(?:matic)?[ -]?(?:reply|response)|autoreply"
    r"|risposta automatica|fuori ufficio|assente dall'ufficio|abwesenheit|automatische antwort"
    r"|réponse automatique|respuesta automática)\b",
    re.IGNORECASE,
)
_NOT_DELIVERED = re.compile(
    r"undeliver|undelivered|delivery (?:status|failure|has failed|problem|report)"
    r"|returned mail|mail delivery|failure notice|delivery notification|non[ -]?delivery"
    r"|mancato recapito|mancata consegna|non recapitabile|could not be delivered"
    r"|mail system error|warning: could not send|delayed mail|nondeliverable|returning mail"
    r"|message (?:not|delivery|(?:\S{1,60} )?delayed)|unzustellbar|mail fail(?:ure|ed)"
    r"|returning to sender|non remis|no se (?:ha )?entreg",
    re.IGNORECASE,
)
_POSTMASTERS = ("mailer-daemon", "postmaster", "mailerdaemon", "mail-daemon", "mdaemon")
_LIST_HEADERS = ("list-id", "list-unsubscribe", "list-post", "list-help", "mailing-list")
# What those who send to many at once put in, and no list that people write to (RFC 8058, RFC 9477).
_SENT_TO_MANY = ("list-unsubscribe-post", "feedback-id", "cfbl-address")


def classify(
    headers: Mapping[str, str],
    root: Part,
    leaves: Sequence[Part],
    sender: str,
    subject: str,
) -> str:
    """One of the kinds of `ParsedMessage.kind`. `headers`: the first value by lower-case name."""
    types = {leaf.media_type for leaf in leaves}
    report = (
        root.parameters.get("report-type", "").lower()
        if root.media_type == "multipart/report"
        else ""
    )
    if "x-ricevuta" in headers:
        return "pec_receipt"
    if "x-trasporto" in headers:
        return "pec_envelope"
    if _is_bounce(headers, report, types, sender, subject):
        return "bounce"
    if report == "disposition-notification" or "message/disposition-notification" in types:
        return "receipt"
    if any(leaf.media_type == "text/calendar" and "method" in leaf.parameters for leaf in leaves):
        return "calendar"
    if report or _is_auto_reply(headers, subject):  # what else there is to report: abuse, failures
        return "auto_reply"
    if _is_list(headers):
        return "group" if _is_written_to_list(headers) else "list"
    return "human"


def _is_bounce(
    headers: Mapping[str, str], report: str, types: set[str], sender: str, subject: str
) -> bool:
    if (
        report == "delivery-status"
        or "message/delivery-status" in types
        or "x-failed-recipients" in headers
    ):
        return True
    local = sender.partition("@")[0].lower()
    from_system = local.startswith(_POSTMASTERS) or headers.get("return-path", "").strip() == "<>"
    return from_system and bool(_NOT_DELIVERED.search(subject[:500]))


def _is_auto_reply(headers: Mapping[str, str], subject: str) -> bool:
    submitted = headers.get("auto-submitted", "no").strip().lower()
    if not submitted.startswith("no") and not (
        submitted.startswith("auto-generated") and _is_list(headers)
    ):
        return True
    if "x-autoreply" in headers or "x-autorespond" in headers:
        return True
    if headers.get("precedence", "").strip().lower() in {"auto_reply", "auto-reply"}:
        return True
    return bool(_REPLY_BY_ITSELF.match(subject.strip()[:200]))


def _is_list(headers: Mapping[str, str]) -> bool:
    if any(name in headers for name in _LIST_HEADERS):
        return True
    return headers.get("precedence", "").strip().lower() in {"bulk", "list", "junk"}


def _is_written_to_list(headers: Mapping[str, str]) -> bool:
    """Somebody writes to a list that takes letters (RFC 2369 §3.4), or answers by way of one."""
    if "auto-submitted" in headers or any(name in headers for name in _SENT_TO_MANY):
        return False
    posted = headers.get("list-post", "").lower().startswith("<mailto:")
    return posted or "in-reply-to" in headers or "references" in headers
