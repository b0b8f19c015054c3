"""What could not be read of a message, in words; the parser says it by names."""

from tui_mail.i18n import _, msgid

_WORDS = {
    "header_charset": msgid("a header in a character set that is not known"),
    "header_line": msgid("a line among the headers that is none"),
    "header_too_long": msgid("a header that is too long"),
    "headers_too_long": msgid("headers that are too long together"),
    "too_many_headers": msgid("more headers than are read"),
    "encoded_word": msgid("an encoded word in a header"),
    "date": msgid("the date"),
    "sender": msgid("the sender"),
    "charset": msgid("text in a character set that is not known"),
    "transfer_encoding": msgid("a part whose encoding is broken"),
    "text_too_long": msgid("the rest of a text that is too long"),
    "no_parts": msgid("parts that are announced and not there"),
    "unclosed_parts": msgid("where the last part ends: the message may have been cut"),
    "too_many_parts": msgid("more parts than are read"),
    "too_many_delimiters": msgid("more lines between parts than are read"),
    "too_deep": msgid("parts in parts, too deep"),
    "too_many_addresses": msgid("more addresses than are read"),
    "too_many_files": msgid("more files than are read"),
    "unread": msgid("all of it: it is kept as it came"),
}


def damage_in_words(name: str) -> str:
    """A kind of damage of `ParsedMessage.damage`."""
    return _(_WORDS[name]) if name in _WORDS else name
