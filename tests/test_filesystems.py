"""Whether a path lies on a network file system, by what the kernel says of its mounts."""

from pathlib import Path

import pytest

from tui_mail.filesystems import network_file_system

_MOUNTS = r"""
21 1 8:1 / / rw - ext4 /dev/sda1 rw
30 21 0:40 / /srv rw,relatime shared:1 - nfs4 server:/srv rw
31 30 0:41 / /srv/local rw - xfs /dev/sdb rw
32 21 0:42 / /mnt/our\040share rw - cifs //server/x rw
33 21 0:43 / /home/anna/far rw - fuse.sshfs anna@far: rw
a line that is none
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/mail.db", ""),
        ("/srv/mail.db", "nfs4"),
        ("/srv/local/mail.db", ""),
        ("/mnt/our share/a/mail.db", "cifs"),
        ("/home/anna/far/mail.db", "fuse.sshfs"),
        ("/home/anna/farther/mail.db", ""),
    ],
)
def test_the_nearest_mount_counts(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(_MOUNTS, "utf-8")
    assert network_file_system(Path(path), mounts) == kind


def test_without_the_kernels_word_nothing_is_claimed(tmp_path: Path) -> None:
    assert network_file_system(tmp_path, tmp_path / "none") == ""
    assert network_file_system(tmp_path) == ""
