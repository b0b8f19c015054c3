"""What certified mail says and what to doubt about it, in sentences for people."""

from collections.abc import Mapping

from tui_mail.i18n import _, msgid, pgettext
from tui_mail.values import Certified, CertifiedState

_DOUBTS: Mapping[str, str] = {
    "pec_unsigned": msgid("no provider has signed this: it only looks like certified mail"),
    "pec_broken": msgid("the provider's signature does not fit: the message was changed, or forged"),
    "pec_other_signer": msgid("it is signed by {signer}, not by the provider {provider} that it names"),
    "pec_expired": msgid("the provider's certificate was not valid on that day"),
    "pec_untrusted": msgid("no authority that is trusted here vouches for the provider's signature"),
    "pec_sender": msgid("envelope, certificate data and letter do not agree on who wrote this"),
    "pec_anomaly": msgid("ordinary mail that a provider let through: nobody vouches for its sender"),
    "pec_unknown": msgid("a kind of certified mail that is not known: {kind}"),
    "pec_facts": msgid("its certificate data (daticert.xml) are missing or make no sense"),
}  # fmt: skip
_KINDS: Mapping[str, str] = {
    "accettazione": msgid("the provider has accepted the letter"),
    "non-accettazione": msgid("the provider has not accepted the letter"),
    "presa-in-carico": msgid("the recipient's provider has taken the letter over"),
    "avvenuta-consegna": msgid("the letter was delivered"),
    "errore-consegna": msgid("the letter was not delivered"),
    "preavviso-errore-consegna": msgid("the letter has not been delivered yet"),
    "rilevazione-virus": msgid("a virus was found in the letter"),
}
# The state that a receipt tells of which names no recipient.
_FAILURES: Mapping[str, str] = {
    "non-accettazione": "refused",
    "errore-consegna": "refused",
    "rilevazione-virus": "refused",
    "preavviso-errore-consegna": "late",
}


def doubt_in_words(slug: str, certified: Certified) -> str:
    """A doubt of `certified.doubts` as a sentence, "" when it is none of them."""
    told = _DOUBTS.get(slug, "")
    return told and _(told).format(
        signer=certified.signature.signer or "–",
        provider=certified.provider.address or "–",
        kind=certified.kind or "–",
    )


def signature_in_words(certified: Certified, *, checked: bool) -> str:
    """Who signed; `checked`: the administrator has said whom to trust, and that was looked at."""
    signature = certified.signature
    if signature.state != "sound":
        return doubt_in_words(
            "pec_unsigned" if signature.state == "none" else "pec_broken", certified
        )
    if "pec_untrusted" in certified.doubts:
        return doubt_in_words("pec_untrusted", certified)
    names = {"signer": signature.signer or "–", "issuer": signature.issuer or "–"}
    if checked:
        return _("certified mail: signed by {signer}, vouched for by {issuer}").format(**names)
    return _(
        "certified mail: signed by {signer} (certificate of {issuer}); whether that authority may "
        "say so was not checked"
    ).format(**names)


def receipt_in_words(certified: Certified) -> list[tuple[str, str]]:
    """What a receipt says in all and of each recipient: the state of `CertifiedState`, and words."""
    kind = _KINDS.get(certified.kind)
    if kind is None:
        return []
    told = [(one.state, f"{one.address}: {state_in_words(one)}") for one in certified.states]
    states = {state for state, _words in told}
    in_all = next((one for one in ("refused", "late") if one in states), "")
    return [(in_all or _FAILURES.get(certified.kind, ""), _(kind)), *told]


def state_in_words(state: CertifiedState) -> str:
    """What became of a certified letter for one recipient."""
    words = {
        "accepted": pgettext("certified", "accepted, on its way"),
        "uncertified": pgettext("certified", "sent; no certified mailbox, so no receipt will come"),
        "taken": pgettext("certified", "taken by the recipient's provider"),
        "late": pgettext("certified", "late: not delivered after twelve hours"),
        "delivered": pgettext("certified", "delivered"),
        "refused": pgettext("certified", "not delivered"),
    }.get(state.state, state.state)
    return f"{words} ({state.reason})" if state.reason else words
