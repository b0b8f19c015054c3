"""What a server's LIST says, as folders: names for people, and what each folder is for.

Hides hierarchy delimiters, special-use attributes (RFC 6154), and the names that mail programs
give such folders in six languages, for servers that do not tell. Pure.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from tui_mail.backends.imap_syntax import (
    Frame,
    heading,
    mailbox_decoded,
    mailbox_encoded,
    number,
    values,
)
from tui_mail.safetext import folded
from tui_mail.values import FolderRole, RemoteFolder

INBOX = "INBOX"

_SPECIAL_USE = {
    b"\\SENT": FolderRole.SENT,
    b"\\DRAFTS": FolderRole.DRAFTS,
    b"\\ARCHIVE": FolderRole.ARCHIVE,
    b"\\JUNK": FolderRole.JUNK,
    b"\\TRASH": FolderRole.TRASH,
    b"\\ALL": FolderRole.ALL,
    b"\\FLAGGED": FolderRole.FLAGGED,
}
_VIEWS = frozenset({b"\\ALL", b"\\FLAGGED", b"\\IMPORTANT"})
_NAMES = {
    FolderRole.SENT: (
        "sent|sent items|sent messages|sent mail|inviata|inviati|posta inviata|"
        "messaggi inviati|elementi inviati|gesendet|gesendete objekte|gesendete elemente|"
        "envoyes|elements envoyes|messages envoyes|enviados|elementos enviados|"
        "mensajes enviados|correo enviado|itens enviados|mensagens enviadas"
    ),
    FolderRole.DRAFTS: (
        "drafts|draft|bozze|bozza|entwurfe|brouillons|brouillon|borradores|borrador|rascunhos"
    ),
    FolderRole.ARCHIVE: "archive|archives|archivio|archiviati|archiv|archivo|archivos|arquivo",
    FolderRole.JUNK: (
        "junk|junk e-mail|junk email|junk mail|spam|bulk mail|posta indesiderata|indesiderata|"
        "junk-e-mail|unerwunscht|courrier indesirable|indesirables|pourriel|correo no deseado|"
        "no deseado|lixo eletronico|lixo electronico"
    ),
    FolderRole.TRASH: (
        "trash|deleted items|deleted messages|deleted|bin|cestino|posta eliminata|eliminata|"
        "elementi eliminati|papierkorb|geloscht|geloschte objekte|geloschte elemente|corbeille|"
        "elements supprimes|messages supprimes|papelera|elementos eliminados|lixo|lixeira|"
        "itens eliminados|itens excluidos"
    ),
}
_ROLE_BY_NAME = {name: role for role, names in _NAMES.items() for name in names.split("|")}


@dataclass(frozen=True, slots=True)
class Listed:
    """One LIST response: attributes in upper case, delimiter (empty for none), the raw name."""

    attributes: frozenset[bytes]
    delimiter: bytes
    name: bytes

    @property
    def key(self) -> str:
        """The raw name as text, one character a byte; the inbox always in capitals."""
        return folder_key(self.name)


def folder_key(name: bytes) -> str:
    """A raw name of the wire as a `RemoteFolder.key`."""
    text = name.decode("latin-1")
    return INBOX if text.upper() == INBOX else text


def wire_name(key: str) -> bytes:
    """The raw name of the wire that a `RemoteFolder.key` stands for; strange keys lose signs."""
    return key.encode("latin-1", "replace")


def listed(frames: Iterable[Frame], kind: bytes = b"LIST") -> list[Listed]:
    """The folders in the answers to LIST, each name once; responses of another kind are skipped."""
    found: dict[str, Listed] = {}
    for frame in frames:
        head = heading(frame)
        if head is None or head.kind != kind:
            continue
        parts = values(frame, head.end)
        if len(parts) < 3 or not isinstance(parts[0], list):
            continue
        attributes = frozenset(item.upper() for item in parts[0] if isinstance(item, bytes))
        delimiter = parts[1] if isinstance(parts[1], bytes) else b""
        # An atom NIL is no name, but a folder can be called so.
        name = parts[2] if isinstance(parts[2], bytes) else b"NIL"
        folder = Listed(attributes, delimiter, name)
        found.setdefault(folder.key, folder)
    return list(found.values())


def remote_folders(
    found: Iterable[Listed],
    *,
    archive: str = "",
    subscribed: Collection[str] | None = None,
    identities: Mapping[str, str] = MappingProxyType({}),
) -> list[RemoteFolder]:
    """Folders for the rest of the program, the inbox first, then by name.

    `archive`: the key of a view that is the archive: what is in no other folder counts there.
    `subscribed`: the keys of all that are to be shown beside those with a role; None: every folder.
    `identities`: of folders, by their keys (RFC 8474).
    """
    folders = {folder.key: folder for folder in found}
    folders.setdefault(INBOX, Listed(frozenset(), b"", INBOX.encode()))
    roles = _roles(folders.values(), archive)
    remote = []
    for key, folder in folders.items():
        role = roles.get(key, FolderRole.OTHER)
        kept = role in {FolderRole.INBOX, FolderRole.ARCHIVE}
        view = not kept and not folder.attributes.isdisjoint(_VIEWS)
        there = folder.attributes.isdisjoint({b"\\NOSELECT", b"\\NONEXISTENT"})
        name = INBOX if key == INBOX else _name(folder)
        hidden = subscribed is not None and not role and key not in subscribed
        identity = identities.get(key, "")
        remote.append(RemoteFolder(key, name, role, there and not view, view, hidden, identity))
    return sorted(remote, key=lambda folder: (folder.key != INBOX, folder.name.casefold()))


def created_name(people: str, delimiter: bytes, prefix: bytes) -> bytes:
    """The raw name for a new folder called `people` (`/`-separated), in the personal namespace."""
    separator = delimiter.decode("latin-1") or "/"
    name = mailbox_encoded(people.strip("/").replace("/", separator))
    return name if not prefix or name.upper().startswith(prefix.upper()) else prefix + name


def personal_namespace(frames: Iterable[Frame]) -> tuple[bytes, bytes]:
    """Prefix and delimiter of the user's own folders (RFC 2342), empty where not told."""
    for frame in frames:
        head = heading(frame)
        if head is None or head.kind != b"NAMESPACE":
            continue
        parts = values(frame, head.end)
        personal = parts[0] if parts else None
        first = personal[0] if isinstance(personal, list) and personal else None
        if isinstance(first, list) and len(first) >= 2 and isinstance(first[0], bytes):
            return first[0], first[1] if isinstance(first[1], bytes) else b""
    return b"", b""


def identities(frames: Iterable[Frame]) -> dict[str, str]:
    """MAILBOXID (RFC 8474) in answers to STATUS, by the key of the folder."""
    found: dict[str, str] = {}
    for frame in frames:
        head = heading(frame)
        told = values(frame, head.end) if head and head.kind == b"STATUS" else []
        if len(told) == 2 and isinstance(told[0], bytes) and isinstance(told[1], list):
            for name, value in pairwise(told[1]):
                if name == b"MAILBOXID" and isinstance(value, list) and value:
                    first = value[0]
                    found[folder_key(told[0])] = (
                        first.decode("ascii", "replace") if isinstance(first, bytes) else ""
                    )
    return found


def message_count(frames: Iterable[Frame]) -> int:
    """MESSAGES in an answer to STATUS, 0 where it is not told."""
    for frame in frames:
        head = heading(frame)
        told = values(frame, head.end)[-1:] if head and head.kind == b"STATUS" else []
        if told and isinstance(told[0], list):
            for name, value in pairwise(told[0]):
                if isinstance(name, bytes) and name.upper() == b"MESSAGES":
                    return number(value) or 0
    return 0


def _name(folder: Listed) -> str:
    if not folder.delimiter:
        return mailbox_decoded(folder.name)
    return "/".join(mailbox_decoded(part) for part in folder.name.split(folder.delimiter))


def _is_archive(folder: Listed) -> bool:
    """Whether what claims to show all mail is where mail is archived to, and nowhere else then."""
    named = _ROLE_BY_NAME.get(folded(_name(folder).rpartition("/")[2]))
    return b"\\ARCHIVE" in folder.attributes or named is FolderRole.ARCHIVE


def _roles(folders: Iterable[Listed], archive: str) -> dict[str, FolderRole]:
    roles = {INBOX: FolderRole.INBOX}
    told: set[FolderRole] = set()
    if archive:
        roles[archive] = FolderRole.ARCHIVE
        told.add(FolderRole.ARCHIVE)
    unsaid: list[Listed] = []
    for folder in folders:
        role = next((_SPECIAL_USE[a] for a in sorted(folder.attributes) if a in _SPECIAL_USE), None)
        if role is FolderRole.ALL and not archive and _is_archive(folder):
            role = FolderRole.ARCHIVE
        if folder.key in {INBOX, archive}:
            continue
        if role is None:
            unsaid.append(folder)
        else:
            roles[folder.key] = role
            told.add(role)
    # The nearest to the top is the one that programs use: "Sent" before "Projects/Sent".
    for folder in sorted(unsaid, key=lambda folder: (_name(folder).count("/"), folder.name)):
        path = _name(folder).split("/")
        named = _ROLE_BY_NAME.get(folded(path[-1]))
        if named is not None and named not in told and len(path) <= 2:
            roles[folder.key] = named
            told.add(named)
    return roles
