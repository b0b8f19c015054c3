"""Certified letters (PEC) without the words that their provider wrote around them."""

from msgspec.structs import replace

from tui_mail.mail.parse import parse
from tui_mail.values import ParsedMessage

_LETTER = "postacert.eml"
_RULE = "\n\n-- \n"


def without_envelope(message: ParsedMessage) -> tuple[ParsedMessage, str]:
    """A certified letter as its writer wrote it, and the words of the envelope.

    Any other message is as it was, without such words; so is one in whose envelope something is to
    be doubted: what the provider says of it matters to its reader.
    """
    certified = message.certified
    if message.kind != "pec_envelope" or certified is None or certified.doubts:
        return message, ""
    files = (one.content for one in message.attachments if one.name.lower() == _LETTER)
    content = next(files, b"")
    letter = parse(content)
    if not content or not message.text.startswith(f"{letter.text}{_RULE}"):
        return message, ""
    words = message.text[len(letter.text) + len(_RULE) :].strip()
    return replace(message, text=letter.text, html=letter.html), words
