"""What kind of file system a path lies on (Linux: /proc/self/mountinfo; elsewhere it is not known)."""

from pathlib import Path

_NETWORK = ("nfs", "cifs", "smb", "sshfs", "afs", "ncpfs", "davfs", "glusterfs", "ceph", "lustre")
_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}


def network_file_system(path: Path, mounts: Path = _MOUNTS) -> str:
    """The network file system that `path` lies on, as the kernel calls it; "" for a local one."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    wanted = path.resolve()
    nearest, kind = -1, ""
    for line in lines:
        before, _dash, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        point = Path(_plain(fields[4]))
        if len(point.parts) >= nearest and (point == wanted or point in wanted.parents):
            nearest, kind = len(point.parts), after.split()[0]
    name = kind.removeprefix("fuse.")
    return kind if name.startswith(_NETWORK) else ""


def _plain(text: str) -> str:
    for escape, sign in _ESCAPED.items():
        text = text.replace(escape, sign)
    return text
