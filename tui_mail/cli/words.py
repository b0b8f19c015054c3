"""States and kinds as people read them; programs get them as the contract has them, with --json."""

from tui_mail.i18n import _, pgettext


def state_word(state: str) -> str:
    """What a letter's or a link's state is called."""
    return {
        "held": pgettext("letter", "held"),
        "queued": pgettext("letter", "queued"),
        "sending": pgettext("letter", "sending"),
        "sent": pgettext("letter", "sent"),
        "failed": pgettext("letter", "failed"),
        "unknown": pgettext("letter", "unknown"),
        "cancelled": pgettext("letter", "cancelled"),
        "automatic": _("automatic"),
        "proposed": _("proposed"),
        "confirmed": _("confirmed"),
        "rejected": _("rejected"),
    }.get(state, state)


def slot_word(kind: str) -> str:
    """Whose slot of the vault it is: an operator's or a machine's."""
    return {"machine": _("machine"), "operator": _("operator")}.get(kind, kind)
