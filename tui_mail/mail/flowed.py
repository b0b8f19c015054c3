"""format=flowed (RFC 3676): soft line breaks are taken out again, so that a paragraph is a line."""


def unflow(text: str, delete_space: bool = False) -> str:
    """The paragraphs of a flowed text as long lines; quoted ones begin with their `>` signs.

    `delete_space`: the DelSp parameter, the space before a soft break is not part of the text.
    """
    lines: list[str] = []
    paragraph: list[str] = []
    depth = 0

    def close() -> None:
        if paragraph:
            lines.append(_prefix(depth) + "".join(paragraph))
            paragraph.clear()

    for line in text.split("\n"):
        level = len(line) - len(line.lstrip(">"))
        content = line[level:]
        content = content.removeprefix(" ")
        if level != depth:
            close()
            depth = level
        is_signature_mark = content == "-- "
        if is_signature_mark:
            close()
        if content.endswith(" ") and not is_signature_mark:
            paragraph.append(content[:-1] if delete_space else content)
        else:
            paragraph.append(content)
            close()
    close()
    return "\n".join(lines)


def _prefix(depth: int) -> str:
    return ">" * depth + " " if depth else ""
