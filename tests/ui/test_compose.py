"""Letters written in the console: kept, looked over, sent, called back."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlmodel import Session

from tests.db.house import NOW, ORDER, build
from tests.ui.desk import QUESTION, SIGNATURE, Desk, writing
from tests.ui.stage import until
from tui_mail.db import outbox
from tui_mail.db.accounts import operator_for
from tui_mail.db.draft_content import DraftContent, decode, encode
from tui_mail.db.drafts import save_draft
from tui_mail.db.engine import Database
from tui_mail.db.outbox import Enqueue
from tui_mail.db.tables import Grant
from tui_mail.errors import InputOutput, NotFound
from tui_mail.i18n import set_language
from tui_mail.ui.app import Console
from tui_mail.ui.panels.threads import ThreadsPanel
from tui_mail.ui.screens.attach import AttachScreen
from tui_mail.ui.screens.compose import ComposeScreen
from tui_mail.ui.screens.pick import PickScreen
from tui_mail.ui.widgets.text import SafeInput
from tui_mail.ui.writing.body import edited
from tui_mail.ui.writing.ending import undo_send
from tui_mail.ui.writing.start import DRAFT, ComposeStart

HOSTILE = b"""\
From: "Eve [@click=app.quit]x[/]" <eve@example.org>
To: vendite@rossi.it
Subject: =?utf-8?q?Fattura_=1B]52;c;aGk=3D=07_=1B[2J?=
Message-ID: <hostile@example.org>
Content-Type: text/plain; charset=utf-8

before\x1b]0;title\x07 \x1b[2Jafter \xc2\x9b31m [/bold] \xe2\x80\xaereversed
"""


@pytest.fixture
async def desk(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    set_language("en")
    path = tmp_path / "house.db"
    shutil.copy(sqlite_template, path)
    url = f"sqlite:///{path}"
    found = Desk(build(Database(url)), url, tmp_path)
    found.sign()
    found.message_id = await found.receive(QUESTION)
    yield found
    found.house.database.close_now()


def sent(desk: Desk, number: int = 0) -> EmailMessage:
    """A letter of the outbox as a receiver reads it."""
    raw = desk.raw(desk.letters()[number].id)
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


async def test_a_reply_keeps_its_place_in_the_thread_and_the_records(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        await writer.paste("Buongiorno Luca, controllo.")
        await writer.pilot.press("alt+s")
        await writer.until(desk.letters)
    letter = desk.letters()[0]
    assert letter.state == "held"
    assert [address for address, _state, _reply in letter.recipients] == ["l.ferri@ferri.it"]
    message = sent(desk)
    assert message["In-Reply-To"] == "<question@ferri.it>"
    assert message["References"] == "<offer@rossi.it> <question@ferri.it>"
    assert message["Subject"] == "Re: ordine 2026/119, importo diverso"
    text = message.get_content()
    assert text.startswith("Buongiorno Luca, controllo.")
    assert "-- \nAnna Rossi\nVendite\n" in text.replace("\r\n", "\n")
    assert "> l'ordine 2026/119 era di 1.204,00." in text
    details = desk.house.database.read_now(outbox.sent_details, letter.id)
    assert desk.house.ids[ORDER] in details.entity_ids
    assert details.in_reply_to_id == desk.message_id
    assert not desk.drafts()


async def test_a_reply_to_all_writes_to_everyone_but_ourselves(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts, "reply_all")) as writer:
        head = writer.screen.head
        assert head.addresses["to"].value == "Luca Ferri <l.ferri@ferri.it>"
        assert head.addresses["cc"].value == "acquisti@bianchi.it"
        assert head.query_one("#cc-row").display


async def test_a_record_taken_away_does_not_go_with_the_letter(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        writer.screen.head.links.focus()
        count = len(writer.screen.head.records)
        await writer.pilot.press("delete")
        await writer.until(lambda: len(writer.screen.head.records) == count - 1)
        await writer.pilot.press("alt+s")
        await writer.until(desk.letters)
    details = desk.house.database.read_now(outbox.sent_details, desk.letters()[0].id)
    assert desk.house.ids[ORDER] not in details.entity_ids


async def test_a_letter_is_kept_by_itself_and_found_by_another_console(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, ComposeStart(account_id=desk.house.shared)) as writer:
        await writer.paste("nuovo@example.org")
        await writer.pilot.press("alt+j")
        await writer.type("Listino")
        await writer.until(
            lambda: [decode(row.content).subject for row in desk.drafts()] == ["Listino"]
        )
        assert "draft saved" in writer.line("title")
    other = desk.parts()
    row = desk.drafts()[0]
    async with writing(other, ComposeStart(DRAFT, draft=row)) as writer:
        assert writer.screen.head.subject.value == "Listino"
        assert writer.screen.head.addresses["to"].value == "nuovo@example.org"


async def test_an_untouched_letter_leaves_no_draft(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        await writer.pilot.press("escape")
        await writer.until(lambda: writer.console.screen is not writer.screen)
    assert not desk.drafts()


async def test_a_letter_written_and_emptied_again_leaves_no_draft(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, ComposeStart()) as writer:
        await writer.type("a")
        await writer.until(desk.drafts)
        await writer.pilot.press("backspace", "escape")
        await writer.until(lambda: writer.console.screen is not writer.screen)
    assert not desk.drafts()


async def test_escape_keeps_what_was_typed_just_now(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts), save_seconds=60) as writer:
        await writer.type("Ciao")
        await writer.pilot.press("escape")
        await writer.until(lambda: writer.console.screen is not writer.screen)
    assert decode(desk.drafts()[0].content).body.startswith("Ciao")


async def test_quitting_keeps_what_was_typed_just_now(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts), save_seconds=60) as writer:
        await writer.type("Ciao")
        await writer.pilot.press("ctrl+q")
    assert decode(desk.drafts()[0].content).body.startswith("Ciao")


async def test_a_draft_changed_elsewhere_is_not_overwritten(desk: Desk) -> None:
    row = desk.house.database.write_now(
        save_draft,
        desk.house.anna,
        None,
        desk.house.shared,
        encode(DraftContent(to="a@example.org", subject="first")),
        version=0,
        now=NOW,
    )
    parts = desk.parts()
    async with writing(parts, ComposeStart(DRAFT, draft=row)) as writer:
        theirs = encode(DraftContent(to="a@example.org", subject="theirs"))
        desk.house.database.write_now(
            save_draft,
            desk.house.anna,
            row.id,
            desk.house.shared,
            theirs,
            version=row.version,
            now=NOW,
        )
        await writer.pilot.press("alt+j")
        await writer.type("!")
        await writer.until(lambda: len(desk.drafts()) == 2)
        await writer.until(lambda: "another window" in writer.line("review"))
    subjects = sorted(decode(one.content).subject for one in desk.drafts())
    assert subjects == ["first!", "theirs"]


async def test_a_sent_letter_can_be_called_back(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        await writer.paste("Testo con **forza** per Luca")
        await writer.pilot.press("alt+b")
        await writer.paste("capo@example.org")
        await writer.pilot.press("alt+s")
        await writer.until(desk.letters)
        before = sent(desk)
        row = await undo_send(parts, desk.letters()[0].id)
        assert row is not None
    assert desk.letters()[0].state == "cancelled"
    content = decode(desk.drafts()[0].content)
    assert content.bcc == "capo@example.org"
    assert content.to == "Luca Ferri <l.ferri@ferri.it>"
    assert content.subject == before["Subject"]
    assert content.body.startswith("Testo con **forza** per Luca\n")
    assert content.in_reply_to == "question@ferri.it"
    assert desk.house.ids[ORDER] in content.links
    assert row.in_reply_to_id == desk.message_id


async def test_a_letter_that_has_gone_is_not_called_back(desk: Desk) -> None:
    parts = desk.parts(undo_seconds=0)
    async with writing(parts, desk.reply(parts)) as writer:
        await writer.pilot.press("alt+s")
        await writer.until(desk.letters)
        assert await undo_send(parts, desk.letters()[0].id) is None
    assert desk.letters()[0].state == "queued"
    assert not desk.drafts()


async def test_hostile_text_is_quoted_without_what_acts_on_a_terminal(desk: Desk) -> None:
    desk.message_id = await desk.receive(HOSTILE)
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        head, body = writer.screen.head, writer.screen.body
        shown = body.text + head.subject.value + head.addresses["to"].value
        assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}
        assert "[/bold]" in body.text
        assert "[@click=app.quit]x[/]" in writer.line("title")
        await writer.pilot.press("alt+s")
        await writer.until(desk.letters)
    assert b"\x1b" not in desk.raw(desk.letters()[0].id)


async def test_what_is_pasted_is_made_safe(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        body, subject = writer.screen.body, writer.screen.head.subject
        quoted, before = body.text, subject.value
        await writer.paste("one\x1b]0;x\x07\r\ntwo\u202e")
        assert body.text == f"one\u241b]0;x\u2407\ntwo{quoted}"
        await writer.pilot.press("alt+j")
        await writer.paste("a\nBcc: x@example.org")
        assert subject.value == f"{before}a Bcc: x@example.org"


async def test_a_wrong_address_is_named_and_stops_the_letter(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        await writer.pilot.press("alt+c")
        await writer.paste("nobody at all")
        await writer.pilot.press("alt+s")
        await writer.until(lambda: "nobody at all" in writer.line("review"))
        assert writer.console.focused is writer.screen.head.addresses["cc"]
        assert not desk.letters()
        await writer.until(desk.drafts)


async def test_blind_copies_are_reached_where_alt_b_is_not(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        fields = writer.screen.head.addresses
        await writer.pilot.press("alt+c")
        await writer.until(lambda: writer.console.focused is fields["cc"])
        await writer.pilot.press("alt+c")
        await writer.until(lambda: writer.console.focused is fields["bcc"])


async def test_a_letter_to_nobody_is_not_sent(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, ComposeStart()) as writer:
        await writer.pilot.press("alt+s")
        await writer.until(lambda: "Say who gets the letter" in writer.line("review"))
    assert not desk.letters()


async def test_addresses_are_suggested_and_taken(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, ComposeStart()) as writer:
        to = writer.screen.head.addresses["to"]
        suggestions = writer.screen.head.suggestions
        await writer.type("bian")
        await writer.until(lambda: suggestions.is_open)
        await writer.pilot.press("enter")
        assert to.value == "Bianchi Spa <acquisti@bianchi.it>, "
        await writer.type("ferri")
        await writer.until(lambda: len(suggestions.found) > 1 and suggestions.is_open)
        first, second = suggestions.found[:2]
        await writer.pilot.press("down", "tab")
        assert second.address in to.value
        assert first.address not in to.value
        assert writer.console.focused is to


async def test_escape_closes_the_suggestions_before_the_letter(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, ComposeStart()) as writer:
        await writer.type("bian")
        await writer.until(lambda: writer.screen.head.suggestions.is_open)
        await writer.pilot.press("escape")
        assert not writer.screen.head.suggestions.is_open
        assert writer.console.screen is writer.screen


async def test_a_whole_address_is_not_replaced_by_a_suggestion(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, ComposeStart()) as writer:
        to = writer.screen.head.addresses["to"]
        await writer.paste("acquisti@bianchi.i")
        await writer.until(lambda: writer.screen.head.suggestions.is_open)
        await writer.type("n")
        await writer.pilot.press("tab")
        assert to.value == "acquisti@bianchi.in"


async def test_the_review_line_tells_of_recipients_and_attachments(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        await writer.until(lambda: "recipient of Ferri Impianti Srl" in writer.line("review"))
        await writer.paste("Trova in allegato la nota")
        await writer.until(lambda: "an attachment is mentioned" in writer.line("review"))


async def test_a_file_is_attached_by_its_path(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "nota 12.pdf").write_bytes(b"%PDF-1.4 nota")
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        await writer.pilot.press("alt+a")
        await writer.until(lambda: isinstance(writer.console.screen, AttachScreen))
        line = writer.console.screen.query_one(SafeInput)
        line.value = f"~/{tmp_path}/nowhere"
        await writer.pilot.press("enter")
        choices = writer.console.screen.query_one("#choices")
        await writer.until(lambda: "There is no file /" in choices.render_line(1).text)
        line.value = f"~/{tmp_path}/ou"
        screen = writer.console.screen
        assert isinstance(screen, AttachScreen)
        await writer.until(lambda: [one.value.path.name for one in screen.choices.found] == ["out"])
        await writer.pilot.press("tab")
        await writer.until(
            lambda: [one.value.path.suffix for one in screen.choices.found] == [".pdf"]
        )
        await writer.pilot.press("enter")
        await writer.until(lambda: writer.screen.head.attachments)
        await writer.pilot.press("alt+s")
        await writer.until(desk.letters)
    attached = next(sent(desk).iter_attachments())
    assert attached.get_filename() == "nota 12.pdf"
    assert attached.get_content() == b"%PDF-1.4 nota"


async def test_a_record_is_added_by_typing(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, ComposeStart(to="acquisti@bianchi.it")) as writer:
        await writer.pilot.press("alt+l")
        await writer.until(lambda: isinstance(writer.console.screen, PickScreen))
        await writer.type("88")
        screen = writer.console.screen
        assert isinstance(screen, PickScreen)
        await writer.until(
            lambda: [one.value.code for one in screen.choices.found][:1] == ["2026/A/88"]
        )
        await writer.pilot.press("enter")
        await writer.until(
            lambda: [row.code for row in writer.screen.head.records] == ["2026/A/88"]
        )
        await writer.until(lambda: "not of the records' party" in writer.line("review"))


async def test_another_account_brings_its_signature(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        assert SIGNATURE in writer.screen.body.text
        writer.screen.head.account.focus()
        await writer.pilot.press("space")
        await writer.until(lambda: SIGNATURE not in writer.screen.body.text)
        await writer.pilot.press("space")
        await writer.until(lambda: writer.screen.head.account.sender.email == "vendite@rossi.it")
        await writer.pilot.press("alt+s")
        await writer.until(desk.letters)
    assert sent(desk)["From"] == "Vendite Rossi <vendite@rossi.it>"


async def test_only_accounts_to_send_from_are_offered(desk: Desk) -> None:
    parts = desk.parts(desk.house.bruno)
    console = Console(parts.settings, lambda: parts)
    async with console.run_test() as pilot:
        screen = ComposeScreen(parts, ComposeStart())
        console.push_screen(screen)
        await until(pilot, lambda: console.screen is screen)
        await until(pilot, lambda: console.screen is not screen)
        assert not screen.ready


async def test_marks_of_markdown_give_the_letter_an_html_form(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        await writer.paste("la **nota**")
        await writer.until(lambda: "Markdown" in writer.line("title"))
        await writer.pilot.press("alt+s")
        await writer.until(desk.letters)
    page = sent(desk).get_body(("html",))
    assert page is not None
    assert "<strong>nota</strong>" in page.as_string()


async def test_markdown_can_be_turned_off(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        await writer.paste("la **nota**")
        await writer.pilot.press("alt+m", "alt+s")
        await writer.until(desk.letters)
    assert sent(desk).get_content_type() == "text/plain"


async def test_a_letter_that_a_colleague_answers_goes_only_when_asked_again(desk: Desk) -> None:
    answer_of_a_colleague(desk)
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        await writer.until(lambda: "carla answered at" in writer.line("review"))
        await writer.pilot.press("alt+s")
        await writer.until(lambda: "send once more" in writer.line("review"))
        assert len(desk.letters()) == 1
        await writer.pilot.press("alt+s")
        await writer.until(lambda: len(desk.letters()) == 2)


async def test_a_database_error_loses_nothing(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts), save_seconds=60) as writer:
        with refused(desk):
            await writer.type("Ciao")
            await writer.pilot.press("escape")
            await writer.until(lambda: "Not saved" in writer.line("review"))
            assert writer.console.screen is writer.screen
        await writer.pilot.press("escape")
        await writer.until(lambda: writer.console.screen is not writer.screen)
    assert decode(desk.drafts()[0].content).body.startswith("Ciao")


async def test_the_own_editor_changes_the_letter(tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nstat -c %a "$2" > "$0.mode"\nprintf "$1\\033]0;x\\n" >> "$2"\n')
    editor.chmod(0o700)
    assert await edited([str(editor), "altro"], "Ciao\n") == "Ciao\naltro\u241b]0;x\n"
    assert (tmp_path / "editor.mode").read_text() == "600\n"
    with pytest.raises(NotFound):
        await edited([str(tmp_path / "none")], "Ciao")
    with pytest.raises(InputOutput):
        await edited(["false"], "Ciao")


async def test_a_terminal_that_cannot_be_handed_over_loses_nothing(desk: Desk) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts)) as writer:
        before = writer.screen.body.text
        await writer.pilot.press("f4")
        await writer.until(lambda: "cannot be handed" in writer.line("review"))
        assert writer.screen.body.text == before


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60), (60, 16), (20, 5)])
async def test_the_letter_has_room_in_every_size(desk: Desk, size: tuple[int, int]) -> None:
    parts = desk.parts()
    async with writing(parts, desk.reply(parts), size=size) as writer:
        await writer.pilot.pause()
        if size[1] >= 16:
            assert writer.screen.body.size.height >= 5
            assert writer.screen.query_one("#hints").region.y == size[1] - 1
        if size[0] >= 80:
            assert "Alt+" in writer.line("hints")


async def test_keys_of_the_main_screen_open_the_desk_and_undo_brings_the_letter_back(
    desk: Desk,
) -> None:
    parts = desk.parts()
    console = Console(parts.settings, lambda: parts)
    async with console.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: console.screen.query("#threads") and main_row(console))
        await pilot.press("r")
        await until(pilot, lambda: written(console))
        await pilot.press("C", "i", "a", "o", "alt+s")
        await until(pilot, lambda: desk.letters() and not written(console))
        await until(pilot, lambda: "z to undo within 10 s" in _status(console))
        await pilot.press("z")
        await until(pilot, lambda: written(console))
        screen = console.screen
        assert isinstance(screen, ComposeScreen)
        assert screen.body.text.startswith("Ciao")
        await pilot.press("escape")
        await until(pilot, lambda: not written(console))
        await pilot.press("g", "d")
        await until(pilot, lambda: isinstance(console.screen, PickScreen))
        await pilot.press("enter")
        await until(pilot, lambda: written(console))
    assert desk.letters()[0].state == "cancelled"


def _status(console: Console) -> str:
    return "".join(piece.text for piece in console._main.status.left)


async def test_what_was_sent_is_said_without_the_way_back_once_its_time_is_over(desk: Desk) -> None:
    parts = desk.parts(undo_seconds=1)
    console = Console(parts.settings, lambda: parts)

    async with console.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: console.screen.query("#threads") and main_row(console))
        await pilot.press("r")
        await until(pilot, lambda: written(console))
        await pilot.press("C", "i", "a", "o", "alt+s")
        await until(pilot, lambda: _status(console).startswith(" Sent “Re:"))
        await until(pilot, lambda: "undo" not in _status(console))


@contextmanager
def refused(desk: Desk) -> Iterator[None]:
    """The right to send is taken away meanwhile, so that nothing can be saved."""
    set_level(desk, "read")
    yield
    set_level(desk, "send")


def set_level(desk: Desk, level: str) -> None:
    def write(session: Session) -> None:
        grant = session.get(Grant, (desk.house.shared, desk.house.anna))
        assert grant is not None
        grant.level = level
        session.add(grant)

    desk.house.database.write_now(write)


def answer_of_a_colleague(desk: Desk) -> None:
    def write(session: Session) -> None:
        carla = operator_for(session, "carla")
        message = Enqueue(
            account_id=desk.house.shared,
            operator_id=carla.id,
            raw=b"Subject: x\r\n\r\n",
            message_id="answer@rossi.it",
            envelope_sender="vendite@rossi.it",
            recipients=["l.ferri@ferri.it"],
            not_before=NOW,
            in_reply_to_id=desk.message_id,
        )
        outbox.enqueue(session, message, NOW)

    desk.house.database.write_now(write)


def written(console: Console) -> bool:
    return isinstance(console.screen, ComposeScreen) and console.screen.ready


def main_row(console: Console) -> object:
    threads = console.screen.query_one("#threads", ThreadsPanel)
    return threads.row
