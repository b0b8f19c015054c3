"""import."""

import bz2
import gzip
import lzma
import mailbox
import os
import signal
import sqlite3
import zipfile
from pathlib import Path

import pytest

from tests.cli.program import Program, letter

_COUNTS = {"read", "stored", "already", "damaged", "restored", "skipped", "seconds"}
_TO = ("--account", "anna@rossi.example")


@pytest.fixture
def local(program: Program) -> Program:
    """The program with an empty local account."""
    assert program("account", "add", "anna@rossi.example", "--local").code == 0
    return program


def _mbox(path: Path, count: int) -> Path:
    with path.open("wb") as file:
        for number in range(1, count + 1):
            head = f"Message-ID: <m{number}@x.example>\nSubject: n{number}\n\n"
            file.write(f"From a@x.example Mon Nov  3 10:00:00 2025\n{head}text\n\n".encode())
    return path


def _maildir(path: Path) -> Path:
    box = mailbox.Maildir(path)
    message = mailbox.MaildirMessage(letter(5))
    message.set_subdir("cur")
    message.set_flags("FS")
    box.add(message)
    box.add(mailbox.MaildirMessage(letter(6)))
    box.close()
    return path


def test_an_eml_file(local: Program, tmp_path: Path) -> None:
    file = tmp_path / "1.eml"
    file.write_bytes(letter(1))
    result = local("import", file, *_TO)
    assert result.code == 0
    assert set(result.record) == _COUNTS
    assert {name: result.record[name] for name in ("read", "stored", "already", "damaged")} == {
        "read": 1, "stored": 1, "already": 0, "damaged": 0,
    }  # fmt: skip
    again = local("import", file, *_TO).record
    assert (again["stored"], again["already"]) == (0, 1)
    assert local("show", 1, "--raw", json=False).out.encode() == letter(1)
    assert "1 already there" in local.lines("import", file, *_TO)


def test_what_another_account_holds_is_no_business_of_this_one(
    local: Program, tmp_path: Path
) -> None:
    file = tmp_path / "1.eml"
    file.write_bytes(letter(1))
    assert local("import", file, *_TO).record["stored"] == 1
    assert local("account", "add", "bruno@rossi.example", "--local").code == 0
    mine = ("--account", "bruno@rossi.example")
    assert local("import", file, *mine).record["stored"] == 1
    assert local("import", file, *mine).record["already"] == 1
    assert local("search", "account:bruno@rossi.example", "--count").record == {"count": 1}


def test_an_mbox_a_maildir_and_a_folder_of_them(local: Program, tmp_path: Path) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    _mbox(folder / "old.mbox", 3)
    (folder / "one.eml").write_bytes(letter(1))
    _maildir(folder / "Maildir")
    assert local("import", folder, *_TO).record["stored"] == 6
    seen = local("show", "mid:5@ferri.example").record
    assert seen["flags"] == ["flagged", "seen"]
    assert local("import", folder, *_TO).record["already"] == 6
    named = ("import", _mbox(tmp_path / "m", 3), _maildir(tmp_path / "d"), *_TO)
    assert local(*named, "--folder", "old").record["already"] == 3


def test_folders_and_mbox_files_in_a_folder_are_folders_of_mail(
    local: Program, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    (tree / "2024" / "Clienti.sbd").mkdir(parents=True)
    (tree / "one.eml").write_bytes(letter(1))
    (tree / "2024" / "two.eml").write_bytes(letter(2))
    _mbox(tree / "2024" / "Clienti.sbd" / "Bianchi", 2)
    _mbox(tree / "sent.mbox", 3)
    box = _maildir(tree / "Posta")
    for part in ("cur", "new", "tmp"):
        (box / ".Fatture.2025" / part).mkdir(parents=True)
    (box / ".Fatture.2025" / "new" / "x").write_bytes(letter(7))
    assert local("import", tree, *_TO).record["stored"] == 10
    found = {
        name: local("search", f"in:{name}", "--count").record["count"]
        for name in ("INBOX", "2024", "2024/Clienti/Bianchi", "Sent", "Posta", "Posta/Fatture/2025")
    }
    assert list(found.values()) == [1, 1, 2, 3, 2, 1], found
    assert local("import", tree, *_TO, "--folder", "Tutto").record["stored"] == 8
    assert local("search", "in:Tutto", "--count").record["count"] == 8


def test_a_zip_file(local: Program, tmp_path: Path) -> None:
    path = tmp_path / "mail.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mail/1.eml", letter(1))
        archive.writestr("mail/../../../etc/2.eml", letter(2))
        archive.writestr("mail/__MACOSX/._1.eml", b"junk")
        archive.writestr("mail/Posta/cur/1:2,FS", letter(5))
        archive.writestr("mail/picture.png", b"\x89PNG\r\n")
        archive.write(_mbox(tmp_path / "old.mbox", 3), "mail/old.mbox")
    skipped, counts = local("import", path, *_TO).records
    assert (counts["stored"], counts["skipped"]) == (6, 1)
    assert skipped["file"] == str(path / "mail" / "picture.png")
    assert local("show", "mid:5@ferri.example").record["flags"] == ["flagged", "seen"]
    assert local("show", "mid:1@ferri.example", "--raw", json=False).out.encode() == letter(1)
    assert local("import", path, *_TO).records[-1]["already"] == 6


def test_what_is_no_mail_is_named_with_its_reason(local: Program, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    box = _maildir(tree / "Posta")
    (box / "loose.eml").write_bytes(letter(1))
    (box / "18:2,").write_bytes(letter(9))  # beside cur, new and tmp, as tools leave it
    (box / "notes").write_text("Remember: the milk.\n\nFrom: nobody", "utf-8")
    (box / "dovecot-uidlist").write_text("3 V1 N2", "utf-8")
    (tree / "notes.txt").write_text("Remember: the milk.\n\nFrom: nobody", "utf-8")
    (tree / "logo.png").write_bytes(b"\x89PNG\r\n")
    (tree / "nothing").touch()
    (tree / "letter").write_bytes(letter(2))
    (tree / "odd.eml").write_text("no header at all", "utf-8")
    *told, counts = local("import", tree, *_TO).records
    skipped = [one for one in told if one["outcome"] == "skipped"]
    assert (counts["stored"], counts["skipped"]) == (6, 4)
    assert {Path(one["file"]).name for one in skipped} == {
        "notes.txt",
        "notes",
        "logo.png",
        "nothing",
    }
    assert all(one["reason"] for one in told)
    shown = local("import", tree, *_TO, json=False)
    assert "4 files skipped" in shown.out
    assert all(name in shown.err for name in ("notes.txt", "logo.png", "nothing"))
    error, _counts = local("import", tree / "notes.txt", *_TO).records
    assert (error["error"], "notes.txt" in error["message"]) == ("wrong_data", True)
    assert local("import", tree / "letter", tree / "logo.png", *_TO).code == 1


def test_many_files_that_are_no_mail_are_told_in_short(local: Program, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(25):
        (tree / f"{number}.txt").write_text("text", "utf-8")
    (tree / "1.eml").write_bytes(letter(1))
    told = local("import", tree, *_TO, json=False).err
    assert told.count("Skipped:") == 20
    assert "and 5 more" in told


def test_a_bomb_is_refused_and_the_rest_is_taken(local: Program, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.eml", bytes(64 << 20))
    (tmp_path / "cut.mbox.gz").write_bytes(
        gzip.compress(_mbox(tmp_path / "m", 400).read_bytes())[:-2000]
    )
    (tmp_path / "zeros.gz").write_bytes(gzip.compress(bytes(128 << 20)))
    (tmp_path / "fine.eml").write_bytes(letter(1))
    names = ("bomb.zip", "cut.mbox.gz", "zeros.gz", "fine.eml")
    result = local("import", *(tmp_path / name for name in names), *_TO)
    *errors, counts = result.records
    assert result.code == 1
    assert [one["error"] for one in errors] == ["wrong_data", "input_output", "wrong_data"]
    assert local("show", "mid:1@ferri.example").code == 0
    assert counts["read"] == counts["stored"] > 0


def test_compressed_mbox_files_and_apple_mail(local: Program, tmp_path: Path) -> None:
    content = _mbox(tmp_path / "m", 3).read_bytes()
    for ending, pack in ((".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)):
        (tmp_path / f"m{ending}").write_bytes(pack(content))
        counts = local("import", tmp_path / f"m{ending}", *_TO, "--folder", ending[1:]).record
        assert counts["stored"] == 3, ending
    plist = b"<?xml version='1.0'?><plist version='1.0'><dict><key>flags</key><integer>17</integer>"
    raw = letter(1)
    (tmp_path / "1.emlx").write_bytes(b"%-10d\n%s%s</dict></plist>" % (len(raw), raw, plist))
    assert local("import", tmp_path / "1.emlx", *_TO).record["stored"] == 1
    assert local("show", "mid:1@ferri.example", "--raw", json=False).out.encode() == raw
    assert local("show", "mid:1@ferri.example").record["flags"] == ["flagged", "seen"]


def test_line_ends_of_any_kind_are_kept(local: Program, tmp_path: Path) -> None:
    raws = [letter(1).replace(b"\r\n", end) for end in (b"\r\n", b"\n", b"\r")] + [b"", b"\0\xff"]
    raws += [b"From a@x.example Mon Nov  3 10:00:00 2025\n" + raws[1], b"PK\x03\x04", b"\x1f\x8b"]
    for number, raw in enumerate(raws):
        (tmp_path / f"{number}.eml").write_bytes(raw)
        local("import", tmp_path / f"{number}.eml", *_TO)
    rows = local("search", "account:anna@rossi.example").records
    shown = {local("show", row["id"], "--raw", json=False).out for row in rows}
    assert shown == {raw.decode(errors="replace") for raw in raws if raw}


def test_what_cannot_be_read_is_said_and_the_rest_is_taken(local: Program, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "loop").mkdir(parents=True)
    (tree / "loop" / "back").symlink_to(tree)
    (tree / "gone.eml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tree / "pipe")
    (tree / "1.eml").write_bytes(letter(1))
    (tree / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(50) + b"PK\x05\x06" + bytes(18))
    result = local("import", tree, *_TO)
    assert result.records[-1]["stored"] == 1


def test_a_link_that_leads_nowhere_is_no_message_of_a_maildir(
    local: Program, tmp_path: Path
) -> None:
    for part in ("cur", "new", "tmp"):
        (tmp_path / "box" / part).mkdir(parents=True)
    (tmp_path / "box" / "cur" / "1").write_bytes(letter(1))
    (tmp_path / "box" / "cur" / "2").symlink_to(tmp_path / "box" / "cur" / "2")
    (tmp_path / "box" / "cur" / "3").symlink_to(tmp_path / "nowhere")
    (tmp_path / "box" / "cur" / "4").symlink_to(tmp_path / "box" / "cur" / "1" / "below")
    result = local("import", tmp_path / "box", *_TO)
    assert (result.code, result.records[-1]["stored"]) == (0, 1)


def test_into_a_folder_that_is_made(local: Program, tmp_path: Path) -> None:
    file = tmp_path / "1.eml"
    file.write_bytes(letter(1))
    assert local("import", file, *_TO, "--folder", "Vecchie/2025").code == 0
    assert local("search", "in:Vecchie/2025").record["folder"] == "Vecchie/2025"


def test_damaged_messages_are_stored_and_counted(local: Program, tmp_path: Path) -> None:
    file = tmp_path / "bad.eml"
    file.write_bytes(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n\x00\xff")
    damaged, counts = local("import", file, *_TO).records
    assert (counts["stored"], counts["damaged"]) == (1, 1)
    assert (damaged["outcome"], damaged["file"]) == ("damaged", str(file))
    assert damaged["reason"]
    again = tmp_path / "m.mbox"
    again.write_bytes(_mbox(again, 1).read_bytes() + b"From a@x.example Mon Nov  3 10:00:00 2025\n"
                      b"Content-Type: multipart/mixed; boundary=x\n\ntext\n")  # fmt: skip
    assert f"{again}, message 2" in local("import", again, *_TO, json=False).err


def test_import_refuses_what_it_cannot_do(local: Program, tmp_path: Path) -> None:
    file = tmp_path / "1.eml"
    file.write_bytes(letter(1))
    local.fails(66, "not_found", "import", tmp_path / "none", *_TO)
    local.fails(66, "not_found", "import", file, "--account", "nobody@rossi.example")
    local.fails(66, "not_found", "import", file, *_TO, "--as", "bruno")
    local.fails(64, "wrong_use", "import", file)
    local.fails(64, "wrong_use", "import", *_TO)
    local.fails(64, "wrong_use", "import", file, *_TO, "--folder", " ")
    (tmp_path / "empty").mkdir()
    counts, error = local("import", tmp_path / "empty", *_TO).records
    assert (counts["read"], error["error"]) == (0, "wrong_data")
    assert local("import", tmp_path / "empty", *_TO).code == 65


def test_import_says_when_the_attachments_cannot_be_written(house: Program, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("in the way", "utf-8")
    (house.home / "settings.toml").write_text(f'attachments = "{blocked}"\n', "utf-8")
    file = tmp_path / "a.eml"
    file.write_bytes(
        b'Content-Type: application/pdf; name="a.pdf"\r\n'
        b"Content-Disposition: attachment\r\n\r\n%PDF-new\r\n"
    )
    error, counts = house("import", file, *_TO).records
    assert (error["error"], counts["stored"]) == ("cannot_write", 0)
    assert house("import", file, *_TO).code == 73
    assert house("search", "in:INBOX", "--count").record == {"count": 4}


def test_ctrl_c_keeps_what_is_stored(local: Program, tmp_path: Path) -> None:
    total = 6000
    process = local.start("--json", "import", _mbox(tmp_path / "big.mbox", total), *_TO)
    database = sqlite3.connect(f"file:{local.home}/tui_mail.db?mode=ro", uri=True)
    while not database.execute("SELECT count(*) FROM message").fetchone()[0]:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "Interrupted" in err
    (kept,) = database.execute("SELECT count(*) FROM message").fetchone()
    assert 0 < kept < total
    assert f'"stored": {kept},' in out
    rest = local("import", tmp_path / "big.mbox", *_TO).record
    assert (rest["already"], rest["stored"]) == (kept, total - kept)


def test_it_says_whose_mail_it_could_be_and_where_it_went(program: Program, tmp_path: Path) -> None:
    box = tmp_path / "tree" / "Clienti"
    box.parent.mkdir()
    parting = b"From a@b Sat Nov  1 10:00:00 2025\n"
    box.write_bytes(b"".join(parting + letter(number) + b"\n" for number in (1, 3)))
    (tmp_path / "tree" / "one.eml").write_bytes(letter(2))
    assert "account add" in program.fails(64, "wrong_use", "import", box)
    assert program("account", "add", "anna@rossi.example", "--local").code == 0
    assert "anna@rossi.example" in program.fails(64, "wrong_use", "import", box)
    done = program("import", box.parent, "--account", "anna@rossi.example")
    assert "It is in the folders Clienti, INBOX." in done.err
    assert program("search", "in:Clienti", "--count").record == {"count": 2}
    again = program("import", box.parent, "--account", "anna@rossi.example")
    assert "It is in" not in again.err


def test_what_is_no_mail_is_said_by_what_it_is(house: Program, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # nobody ever writes to it
    (tmp_path / "a.pst").write_bytes(b"!BDN" + bytes(99))
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04" + bytes(99))
    (tmp_path / "c.rar").write_bytes(b"Rar!" + bytes(99))
    for name, word in (
        ("pipe", "no file"),
        ("a.pst", "Outlook"),
        ("b.zip", "ZIP"),
        ("c.rar", "ZIP"),
    ):
        result = house("import", tmp_path / name, "--account", "anna@rossi.example", json=False)
        assert result.code == 65, result
        assert word in result.err
