"""The IMAP commands of a session that has selected nothing: login, folders, APPEND, and the like."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from types import MappingProxyType

from tui_mail.demo.imap_listing import list_folders, list_subscribed
from tui_mail.demo.imap_session import CommandEntry, Session, State
from tui_mail.demo.imap_status import check_status, status_line
from tui_mail.demo.imap_store import (
    SYSTEM_FLAGS,
    Folder,
    FolderExistsError,
    NoSuchFolderError,
)
from tui_mail.demo.imap_syntax import (
    QUOTED,
    Arguments,
    MalformedError,
    RefusedError,
    parse_date_time,
)
from tui_mail.demo.imap_view import View


async def capability(session: Session, arguments: Arguments) -> str:
    """CAPABILITY."""
    arguments.finish()
    session.send(f"* CAPABILITY {session.capabilities()}".encode("ascii"))
    return "Capability completed"


async def noop(_session: Session, arguments: Arguments) -> str:
    """NOOP and CHECK: the news of the folder follow every command anyway."""
    arguments.finish()
    return "Done"


async def logout(session: Session, arguments: Arguments) -> str:
    """LOGOUT."""
    arguments.finish()
    session.send(b"* BYE Logging out")
    session.end()
    return "Logout completed"


async def starttls(session: Session, arguments: Arguments) -> str:
    """STARTTLS."""
    arguments.finish()
    context = session.site.starttls_context
    if context is None or session.secure:
        raise MalformedError("STARTTLS is not offered")
    await session.start_tls(context)
    session.tag = ""  # answered before the handshake
    return ""


async def login(session: Session, arguments: Arguments) -> str:
    """LOGIN."""
    arguments.space()
    user = arguments.astring()
    arguments.space()
    password = arguments.astring()
    arguments.finish()
    return _let_in(session, user, password)


async def authenticate(session: Session, arguments: Arguments) -> str:
    """AUTHENTICATE PLAIN (RFC 4616), with an initial response (RFC 4959) or without."""
    arguments.space()
    mechanism = arguments.keyword()
    if mechanism != "PLAIN" or not session.can("AUTH=PLAIN"):
        raise RefusedError("Unsupported authentication mechanism")
    if arguments.at_end:
        session.send(b"+ ")
        await session.flush()
        response = await session.read_line()
    else:
        if not session.can("SASL-IR"):
            raise MalformedError("SASL-IR is not offered")
        arguments.space()
        response = arguments.astring()
        arguments.finish()
    try:
        _, user, password = base64.b64decode(response, validate=True).split(b"\0")
    except (binascii.Error, ValueError) as error:
        raise MalformedError("not an answer to PLAIN") from error
    return _let_in(session, user, password)


def _let_in(session: Session, user: bytes, password: bytes) -> str:
    if not session.login_allowed:
        raise RefusedError("[PRIVACYREQUIRED] Use STARTTLS first")
    mailbox = session.site.mailboxes.get(user.decode("utf-8", "replace"))
    if mailbox is None or not hmac.compare_digest(mailbox.password.encode("utf-8"), password):
        raise RefusedError("[AUTHENTICATIONFAILED] Wrong user or password")
    session.mailbox = mailbox
    return f"[CAPABILITY {session.capabilities()}] Logged in"


async def identify(session: Session, arguments: Arguments) -> str:
    """ID (RFC 2971); what the client says of itself is read and forgotten."""
    arguments.space()
    if not arguments.accept(b"NIL"):
        arguments.list_of(lambda: arguments.accept(b"NIL") or arguments.string())
    arguments.finish()
    session.send(b'* ID ("name" "tui_mail embedded server")')
    return "ID completed"


async def namespace(session: Session, arguments: Arguments) -> str:
    """NAMESPACE (RFC 2342)."""
    arguments.finish()
    session.send(b'* NAMESPACE (("" "/")) NIL NIL')
    return "Namespace completed"


async def enable(session: Session, arguments: Arguments) -> str:
    """ENABLE (RFC 5161); unknown names are passed over."""
    enabled = []
    while not arguments.at_end:
        arguments.space()
        if arguments.keyword() == "CONDSTORE" and session.can("CONDSTORE"):
            enabled.append("CONDSTORE")
            session.enable_condstore()
    session.send(" ".join(["* ENABLED", *enabled]).encode("ascii"))
    return "Enabled"


async def status(session: Session, arguments: Arguments) -> str:
    """STATUS."""
    arguments.space()
    folder = _folder(session, arguments.mailbox())
    arguments.space()
    items = arguments.list_of(arguments.keyword)
    arguments.finish()
    check_status(session, items)
    session.send(status_line(folder, items))
    return "Status completed"


async def select(session: Session, arguments: Arguments, *, read_only: bool = False) -> str:
    """SELECT and EXAMINE, with (CONDSTORE) where offered (RFC 7162 section 3.1.8)."""
    arguments.space()
    name = arguments.mailbox()
    wants_modseq = False
    if not arguments.at_end:
        arguments.space()
        wants_modseq = arguments.list_of(arguments.keyword) == ["CONDSTORE"]
        if not wants_modseq or not session.can("CONDSTORE"):
            raise MalformedError("unknown SELECT parameter")
    arguments.finish()
    session.look_at(None)  # even if what follows fails (RFC 3501 section 6.3.1)
    folder = _folder(session, name)
    session.condstore = session.condstore or wants_modseq
    view = View(folder, read_only=read_only)
    session.look_at(view)
    session.send(*_described(session, view))
    return ("[READ-ONLY] " if read_only else "[READ-WRITE] ") + "Selected"


def _described(session: Session, view: View) -> list[bytes]:
    folder = view.folder
    flags = " ".join([*SYSTEM_FLAGS.values(), *folder.keywords]).encode("ascii", "replace")
    lines = [
        b"* FLAGS (%b)" % flags,
        b"* OK [PERMANENTFLAGS (%b)] Kept" % (b"" if view.read_only else flags + b" \\*"),
        b"* %d EXISTS" % len(view.uids),
        b"* %d RECENT" % len(view.recent),
    ]
    unseen = (n for n, m in enumerate(folder.messages.values(), 1) if "\\Seen" not in m.flags)
    first = next(unseen, None)
    if first is not None:
        lines.append(b"* OK [UNSEEN %d] First unseen" % first)
    lines.append(b"* OK [UIDVALIDITY %d] UIDs valid" % folder.uidvalidity)
    lines.append(b"* OK [UIDNEXT %d] Next UID" % folder.uidnext)
    if session.can("CONDSTORE"):
        lines.append(b"* OK [HIGHESTMODSEQ %d] Highest" % folder.highest_modseq)
    if session.can("OBJECTID"):
        lines.append(b"* OK [MAILBOXID (%b)] Lasting" % folder.identity.encode("ascii"))
    return lines


async def create(session: Session, arguments: Arguments) -> str:
    """CREATE, with (USE (...)) where special use is offered (RFC 6154 section 3)."""
    arguments.space()
    name = arguments.mailbox()
    use: tuple[str, ...] = ()
    if not arguments.at_end:
        if not session.can("SPECIAL-USE"):
            raise MalformedError("unexpected text after the arguments")
        arguments.space()
        arguments.expect(b"(USE ")
        use = arguments.flags()
        arguments.expect(b")")
    arguments.finish()
    try:
        made = session.user.create(name, use[0] if use else None)
    except FolderExistsError as error:
        raise RefusedError("[ALREADYEXISTS] No mailbox can be made of that name") from error
    return f"[MAILBOXID ({made.identity})] Created" if session.can("OBJECTID") else "Created"


async def delete(session: Session, arguments: Arguments) -> str:
    """DELETE."""
    name = _only_mailbox(arguments)
    _folder(session, name)
    if session.view is not None and session.view.folder.name == name:
        session.look_at(None)
    try:
        session.user.remove(name)
    except FolderExistsError as error:
        raise RefusedError("[CANNOT] INBOX cannot be deleted") from error
    return "Deleted"


async def rename(session: Session, arguments: Arguments) -> str:
    """RENAME."""
    arguments.space()
    old = arguments.mailbox()
    arguments.space()
    new = arguments.mailbox()
    arguments.finish()
    try:
        session.user.rename(old, new)
    except NoSuchFolderError as error:
        raise RefusedError("[NONEXISTENT] No such mailbox") from error
    except FolderExistsError as error:
        raise RefusedError("[ALREADYEXISTS] No mailbox can have that name") from error
    return "Renamed"


async def subscribe(session: Session, arguments: Arguments) -> str:
    """SUBSCRIBE."""
    name = _only_mailbox(arguments)
    _folder(session, name)
    session.user.subscribed.add(name)
    return "Subscribed"


async def unsubscribe(session: Session, arguments: Arguments) -> str:
    """UNSUBSCRIBE."""
    session.user.subscribed.discard(_only_mailbox(arguments))
    return "Unsubscribed"


async def append(session: Session, arguments: Arguments) -> str:
    """APPEND, answered with APPENDUID where offered (RFC 4315 section 3)."""
    arguments.space()
    name = arguments.mailbox()
    arguments.space()
    flags: tuple[str, ...] = ()
    if arguments.peek() == b"(":
        flags = arguments.flags()
        arguments.space()
    when = None
    if not arguments.at_literal and (found := arguments.match(QUOTED)):
        when = parse_date_time(found[1])
        arguments.space()
    if not arguments.at_literal:
        raise MalformedError("expected a literal")
    raw = arguments.string()
    arguments.finish()
    folder = _folder(session, name, hint="[TRYCREATE] ")
    uid = session.user.deliver(folder.name, raw, flags, when)
    code = f"[APPENDUID {folder.uidvalidity} {uid}] " if session.can("UIDPLUS") else ""
    return code + "Appended"


def _only_mailbox(arguments: Arguments) -> str:
    arguments.space()
    name = arguments.mailbox()
    arguments.finish()
    return name.rstrip("/")


def _folder(session: Session, name: str, *, hint: str = "[NONEXISTENT] ") -> Folder:
    try:
        return session.user.folder(name)
    except NoSuchFolderError as error:
        raise RefusedError(f"{hint}No such mailbox") from error


async def examine(session: Session, arguments: Arguments) -> str:
    """EXAMINE."""
    return await select(session, arguments, read_only=True)


_LOGGED_IN = State.AUTHENTICATED
FOLDER_COMMANDS: Mapping[str, CommandEntry] = MappingProxyType(
    {
        "CAPABILITY": CommandEntry(capability),
        "NOOP": CommandEntry(noop),
        "CHECK": CommandEntry(noop, State.SELECTED),
        "LOGOUT": CommandEntry(logout),
        "ID": CommandEntry(identify, needs="ID"),
        "STARTTLS": CommandEntry(starttls, most=State.CONNECTED),
        "LOGIN": CommandEntry(login, most=State.CONNECTED),
        "AUTHENTICATE": CommandEntry(authenticate, most=State.CONNECTED),
        "NAMESPACE": CommandEntry(namespace, _LOGGED_IN, needs="NAMESPACE"),
        "ENABLE": CommandEntry(enable, _LOGGED_IN, needs="ENABLE"),
        "LIST": CommandEntry(list_folders, _LOGGED_IN),
        "LSUB": CommandEntry(list_subscribed, _LOGGED_IN),
        "STATUS": CommandEntry(status, _LOGGED_IN),
        "SELECT": CommandEntry(select, _LOGGED_IN),
        "EXAMINE": CommandEntry(examine, _LOGGED_IN),
        "CREATE": CommandEntry(create, _LOGGED_IN),
        "DELETE": CommandEntry(delete, _LOGGED_IN),
        "RENAME": CommandEntry(rename, _LOGGED_IN),
        "SUBSCRIBE": CommandEntry(subscribe, _LOGGED_IN),
        "UNSUBSCRIBE": CommandEntry(unsubscribe, _LOGGED_IN),
        "APPEND": CommandEntry(append, _LOGGED_IN),
    }
)
