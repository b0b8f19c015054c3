"""Sort orders of lists; conversations split and joined by hand.

The keys are made here as they were made when this was written, whatever they are made of later.
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AT_ONCE = 5000
_LONGEST = 40
_NOT_LETTERS_FIRST = re.compile(r"^[^\w]+")
_ANSWER = re.compile(
    r"^(?:\s*(?:re|fwd?|fw|r|i|rif|inol|aw|wg|antw|sv|vs|tr|rv|enc|odp|ynt)"
    r"\s*(?:\[\d{1,4}\]|\(\d{1,4}\))?\s*[:\uff1a])+",
    re.IGNORECASE,
)
# What is not drawn, or draws over what is beside it.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffc\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U00013430-\U0001345f\U000e0000-\U000e0fff"
    "\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U0001f1e6-\U0001f1ff]"
)
_LINE_ENDS = frozenset({0x09, 0x0A, 0x0D, 0x2028, 0x2029, 0x85, 0x0B, 0x0C})
_FLAG_A = 0x1F1E6
_NOT_ASCII = re.compile("[^\x00-\x7f]+")
_SORTABLE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _make_decisions()
    op.create_table(
        "folder_order",
        sa.Column("operator_id", sa.Integer(), nullable=False),
        sa.Column("folder_id", sa.Integer(), nullable=False),
        sa.Column("sort", sa.String(), nullable=False),
        sa.Column("backwards", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["folder_id"], ["folder.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("operator_id", "folder_id"),
    )
    for name in ("sender_key", "subject_key"):
        op.add_column("placement", sa.Column(name, _SORTABLE, nullable=False, server_default=""))
    op.add_column("placement", sa.Column("size", sa.Integer(), nullable=False, server_default="0"))
    _fill()
    for name, by in (
        ("placement_by_state", "seen"),
        ("placement_by_sender", "sender_key"),
        ("placement_by_subject", "subject_key"),
        ("placement_by_size", "size"),
    ):
        down = [sa.text("received_at DESC"), sa.text("id DESC")]
        op.create_index(name, "placement", ["folder_id", by, *down])
    tagged = sa.text("keywords <> ''")
    op.create_index(
        "placement_tags",
        "placement",
        ["folder_id", "keywords"],
        sqlite_where=tagged,
        postgresql_where=tagged,
    )


def _make_decisions() -> None:
    op.create_table(
        "thread_split",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("root_id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("operator_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("thread_id"),
    )
    op.create_index(op.f("ix_thread_split_root_id"), "thread_split", ["root_id"])
    op.create_table(
        "thread_join",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("one", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("one_root_id", sa.Integer(), nullable=False),
        sa.Column("other_root_id", sa.Integer(), nullable=False),
        sa.Column("operator_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("one", "other"),
        sqlite_autoincrement=True,
    )
    for name in ("one_root_id", "other_root_id"):
        op.create_index(op.f(f"ix_thread_join_{name}"), "thread_join", [name])
    # A message that came without an identifier is known by its content now, as decisions need it.
    op.execute(
        "INSERT INTO thread_key (key, thread_id) SELECT 'sha256:' || content_hash, thread_id"
        " FROM message WHERE message_id = ''"
    )


def _fill() -> None:
    """Give the placements that are there the keys that lists are ordered by, some at a time."""
    connection = op.get_bind()
    message = sa.table(
        "message",
        sa.column("id"),
        sa.column("subject"),
        sa.column("sender_name"),
        sa.column("sender_address"),
        sa.column("outgoing"),
        sa.column("recipients"),
        sa.column("size"),
    )
    placement = sa.table(
        "placement",
        sa.column("message_id"),
        sa.column("sender_key"),
        sa.column("subject_key"),
        sa.column("size"),
    )
    update = (
        placement.update()
        .where(placement.c.message_id == sa.bindparam("message"))
        .values(
            sender_key=sa.bindparam("sender"),
            subject_key=sa.bindparam("subject_text"),
            size=sa.bindparam("bytes"),
        )
    )
    last = 0
    while True:
        some = sa.select(message).where(message.c.id > last).order_by(message.c.id).limit(_AT_ONCE)
        rows = connection.execute(some).all()
        if not rows:
            return
        connection.execute(
            update,
            [
                {
                    "message": row.id,
                    "sender": _comparable(row.recipients if row.outgoing else row.sender_name)
                    or _comparable(row.sender_address),
                    "subject_text": _comparable(_ANSWER.sub("", row.subject[:400])),
                    "bytes": row.size,
                }
                for row in rows
            ],
        )
        last = rows[-1].id


def _comparable(text: str) -> str:
    """Without what is not drawn, accents, case, and what is no letter before the first."""
    clean = _HARMFUL.sub(_sign, text[:400])
    folded = _NOT_ASCII.sub(_without_accents, clean).casefold()
    return _NOT_LETTERS_FIRST.sub("", " ".join(folded.split()))[:_LONGEST]


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code in _LINE_ENDS:
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if _FLAG_A <= code < _FLAG_A + 26:
        return chr(ord("A") + code - _FLAG_A)
    return "\ufffd" if 0x7F < code < 0xA0 or 0xD800 <= code <= 0xDFFF else ""


def _without_accents(match: re.Match[str]) -> str:
    plain = unicodedata.normalize("NFKD", match[0])
    return "".join(one for one in plain if not unicodedata.combining(one))
