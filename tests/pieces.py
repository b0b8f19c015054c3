"""Messages cut into pieces as a sender does that splits what is too long (RFC 2046 §5.2.2.1)."""

from collections.abc import Sequence

_ENCLOSED = ("content-", "subject:", "message-id:", "encrypted:", "mime-version:")
HEAD = (
    "From: Luca Ferri <luca@ferri.it>",
    "To: anna@rossi.it",
    "Date: Thu, 12 Nov 2026 10:00:00 +0000",
)


def whole(
    body: str = "prima riga\r\nseconda riga\r\n", *, head: Sequence[str] = HEAD, name: str = "whole"
) -> bytes:
    """A message that has a text and a file."""
    lines = [
        *head,
        "Subject: Disegni della pompa",
        f"Message-ID: <{name}@ferri.it>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain; charset=utf-8",
        "",
        body,
        "--b",
        "Content-Type: application/pdf",
        'Content-Disposition: attachment; filename="pompa.pdf"',
        "Content-Transfer-Encoding: base64",
        "",
        *["JVBERi0xLjQK" * 6] * 8,
        "--b--",
        "",
    ]
    return "\r\n".join(lines).encode()


def in_pieces(
    raw: bytes,
    cuts: Sequence[int],
    *,
    name: str = "abc@ferri.it",
    totals: bool = True,
    head: Sequence[str] | None = None,
) -> list[bytes]:
    """`raw` cut at those places. `totals`: every piece says how many there are, not just the last."""
    kept = raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    outer = [line for line in kept if not line.lower().startswith(_ENCLOSED)]
    places = [0, *sorted(cuts), len(raw)]
    count = len(places) - 1
    pieces = []
    for number in range(1, count + 1):
        total = f"; total={count}" if totals or number == count else ""
        lines = [
            *(outer if head is None else head),
            f"Subject: Disegni ({number})",
            f"Message-ID: <{number}.{name}>",
            "MIME-Version: 1.0",
            f'Content-Type: message/partial; id="{name}"; number={number}{total}',
            *([] if number == 1 else ["X-Later: nobody asks for it"]),
            "",
            "",
        ]
        content = raw[places[number - 1] : places[number]]
        pieces.append("\r\n".join(lines).encode() + content)
    return pieces
