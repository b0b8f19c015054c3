"""export: what came is what goes out, in every format, and comes in again as the same."""

import mailbox
import signal
import sqlite3
from pathlib import Path

import pytest

from tests.cli.program import WITH_FILES, Program, letter

_TO = ("--account", "anna@rossi.example")
_ALL = "account:anna@rossi.example"
_ODD = [
    letter(11, subject="../../etc/passwd \u202efdp.exe"),
    letter(12, subject="NUL", body="From here\r\n>From there\r\n"),
    letter(13).removesuffix(b"\r\n"),
    letter(14).replace(b"\r\n", b"\r"),
    letter(15).replace(b"\r\n", b"\n") + b"\n\n",
    b"Content-Length: 5\n\nab\n\n\nFrom x\n",
    b"no header at all",
    b"\0\xff\r\r\n",
]


@pytest.fixture
def odd(house: Program, tmp_path: Path) -> Program:
    """The house with more, that is hard to give back."""
    (tmp_path / "odd").mkdir()
    for number, raw in enumerate(_ODD):
        (tmp_path / "odd" / f"{number}.eml").write_bytes(raw)
    assert house("import", tmp_path / "odd", *_TO).records[-1]["stored"] == len(_ODD)
    return house


@pytest.mark.parametrize("kind", ["mbox", "eml", "maildir"])
def test_what_is_exported_comes_in_again_with_equal_hashes(
    odd: Program, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "out"
    done = odd("export", _ALL, "--to", out, "--format", kind)
    assert (done.code, done.record["exported"]) == (0, 4 + len(_ODD))
    counts = odd("import", out, *_TO, "--folder", "INBOX").record
    assert (counts["read"], counts["already"]) == (4 + len(_ODD), 4 + len(_ODD))


def test_eml_files_are_the_bytes_under_safe_names(odd: Program, tmp_path: Path) -> None:
    out = tmp_path / "out"
    odd("export", _ALL, "--to", out, "--format", "eml")
    files = list(out.iterdir())
    assert {one.read_bytes() for one in files} >= {WITH_FILES, *_ODD}
    assert all(one.parent == out and one.name.isprintable() for one in files)
    assert [one.name for one in tmp_path.iterdir() if "passwd" in one.name] == []
    assert all(one.stat().st_mode & 0o077 == 0 for one in files)


def test_an_mbox_is_read_by_others(house: Program, tmp_path: Path) -> None:
    house("export", "in:INBOX", "--to", tmp_path / "out.mbox")
    box = mailbox.mbox(tmp_path / "out.mbox", create=False)
    subjects = [message["Subject"] for message in box]
    box.close()
    assert subjects == ["Richiesta", "Ordine 2025/119", "Re: Ordine 2025/119", "Listino"]
    assert house.lines("export", "in:INBOX", "--to", tmp_path / "two").startswith("4 written")


def test_a_maildir_has_the_flags(house: Program, tmp_path: Path) -> None:
    house("mark", "1", "+read", "+starred")
    house("export", "in:INBOX", "--to", tmp_path / "out", "--format", "maildir")
    box = mailbox.Maildir(tmp_path / "out", create=False)
    assert sorted(message.get_flags() for message in box) == ["", "", "", "FS"]


def test_nothing_is_written_over(house: Program, tmp_path: Path) -> None:
    out = tmp_path / "out.mbox"
    out.write_text("mine", "utf-8")
    error, counts = house("export", "in:INBOX", "--to", out).records
    assert (error["error"], counts["exported"]) == ("cannot_write", 0)
    assert out.read_text("utf-8") == "mine"
    folder = tmp_path / "eml"
    house("export", "in:INBOX", "--to", folder, "--format", "eml")
    changed = next(one for one in folder.iterdir() if "Listino" in one.name)
    changed.write_text("mine", "utf-8")
    assert any(" Ordine 2025-119 " in one.name for one in folder.rglob("*.eml"))
    again = house("export", "in:INBOX", "--to", folder, "--format", "eml")
    assert again.code == 1
    assert again.records[-1]["already"] == 3
    assert changed.read_text("utf-8") == "mine"


def test_done_again_it_goes_on_with_the_rest(house: Program, tmp_path: Path) -> None:
    whole = tmp_path / "whole.mbox"
    house("export", "in:INBOX", "--to", whole)
    content = whole.read_bytes()
    (tmp_path / "cut.mbox.part").write_bytes(content[: len(content) * 2 // 3])
    counts = house("export", "in:INBOX", "--to", tmp_path / "cut.mbox").record
    assert counts["already"] >= 1
    assert counts["exported"] + counts["already"] == 4
    assert (tmp_path / "cut.mbox").read_bytes() == content
    assert not (tmp_path / "cut.mbox.part").exists()
    for kind in ("eml", "maildir"):
        out = tmp_path / kind
        house("export", "subject:ordine", "--to", out, "--format", kind)
        counts = house("export", "in:INBOX", "--to", out, "--format", kind).record
        assert (counts["exported"], counts["already"]) == (2, 2)


def test_folders_each_on_their_own_and_in_again(house: Program, tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(letter(1, subject="Un'altra"))
    house("import", tmp_path / "1.eml", *_TO, "--folder", "Clienti/Bianchi")
    out = tmp_path / "out"
    house("export", _ALL, "--to", out, "--folders")
    mine = out / "anna@rossi.example"
    assert (mine / "INBOX.mbox").is_file()
    assert (mine / "Clienti" / "Bianchi.mbox").is_file()
    assert house("account", "add", "bruno@rossi.example", "--local").code == 0
    assert house("import", mine, "--account", "bruno@rossi.example").record["stored"] == 5
    there = "account:bruno@rossi.example in:Clienti/Bianchi"
    assert house("search", there, "--count").record == {"count": 1}


def test_a_message_whose_attachment_is_lost_is_told_and_left_out(
    house: Program, tmp_path: Path
) -> None:
    for file in (house.home / "attachments").rglob("*"):
        if file.is_file() and len(file.name) == 62:
            file.unlink()
    done = house("export", "in:INBOX", "--to", tmp_path / "out", "--format", "eml")
    error, counts = done.records
    assert done.code == 1
    assert (error["id"], error["error"]) == (4, "not_found")
    assert (counts["exported"], counts["lost"]) == (3, 1)
    assert len(list((tmp_path / "out").iterdir())) == 3


@pytest.mark.parametrize("kind", ["mbox", "eml", "maildir"])
@pytest.mark.parametrize("inside", [False, True])
def test_folders_come_back_where_they_were(
    house: Program, tmp_path: Path, kind: str, *, inside: bool
) -> None:
    names = ("Clienti: vecchi/Rossi?", "Messages", "Sent")
    for number, name in enumerate(names, 1):
        assert house("move", number, name if name == "Sent" else "Archive").code == 0
    for number, name in enumerate(names[:2], 1):
        raw = letter(number + 10)
        (tmp_path / f"{number}.eml").write_bytes(raw)
        assert house("import", tmp_path / f"{number}.eml", *_TO, "--folder", name).code == 0
    everything = "account:anna@rossi.example"
    before = _places(house)
    out = tmp_path / "out"
    assert house("export", everything, "--to", out, "--folders", "--format", kind).code == 0
    counts = house("import", out / "anna@rossi.example" if inside else out, *_TO).record
    assert (counts["stored"], counts["already"]) == (0, 6)
    assert _places(house) == before


def _places(house: Program) -> list[tuple[str, int]]:
    connection = sqlite3.connect(house.home / "tui_mail.db")
    rows = connection.execute("SELECT name, total FROM folder ORDER BY name").fetchall()
    connection.close()
    return rows


def test_nothing_found_leaves_no_file(house: Program, tmp_path: Path) -> None:
    for kind in ("mbox", "eml", "maildir"):
        result = house("export", "subject:nessuno", "--to", tmp_path / "o", "--format", kind)
        assert (result.code, result.record["exported"]) == (0, 0)
        assert "nothing is written" in result.err
        assert not (tmp_path / "o").exists()
        assert not (tmp_path / "o.part").exists()


def test_rights_hold(house: Program, tmp_path: Path) -> None:
    result = house("export", "in:INBOX", "--to", tmp_path / "x", "--as", "bruno")
    assert result.record["exported"] == 0


def test_export_refuses_wrong_use(house: Program, tmp_path: Path) -> None:
    house("export", "in:INBOX")
    assert house("export", "in:INBOX", "--to", tmp_path / "x", "--format", "pst").code == 64
    blocked = tmp_path / "blocked"
    blocked.write_text("in the way", "utf-8")
    assert house("export", "in:INBOX", "--to", blocked / "x").code == 73
    assert house("export", "in:INBOX", "--to", blocked, "--format", "eml").code == 73


def test_ctrl_c_leaves_what_the_next_run_keeps(house: Program, tmp_path: Path) -> None:
    many = tmp_path / "many.mbox"
    with many.open("wb") as file:
        for number in range(3000):
            head = f"Message-ID: <m{number}@x.example>\nSubject: n{number}\n\n"
            file.write(f"From a@x.example Mon Nov  3 10:00:00 2025\n{head}text\n\n".encode())
    house("import", many, *_TO, "--folder", "Many")
    out = tmp_path / "out"
    process = house.start("--json", "export", "in:Many", "--to", out, "--format", "eml")
    while not (out.is_dir() and any(out.iterdir())):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    kept = len(list(out.glob("*.eml")))
    counts = house("export", "in:Many", "--to", out, "--format", "eml").record
    assert (counts["already"], counts["exported"]) == (kept, 3000 - kept)
    assert not list(out.glob(".*"))


def test_markdown_is_a_text_a_message_and_nothing_is_written_over(
    house: Program, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = house("export", "in:INBOX", "--to", out, "--format", "markdown").record
    texts = {path.name: path.read_text("utf-8") for path in out.iterdir()}
    assert first["exported"] == len(texts) > 1
    assert all(text.startswith("# ") and "- **From" in text for text in texts.values())
    again = house("export", "in:INBOX", "--to", out, "--format", "markdown").record
    assert (again["exported"], again["already"]) == (0, len(texts))


def test_a_folder_that_is_not_there_is_not_made_by_the_way(house: Program, tmp_path: Path) -> None:
    away = tmp_path / "typo"
    for options in ((), ("--format", "maildir"), ("--folders",)):
        call = ("export", "in:INBOX", "--to", away / "x.mbox", *options)
        assert str(away) in house.fails(73, "cannot_write", *call)
    assert not away.exists()
