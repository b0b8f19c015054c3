"""The main screen, by its keys, over a real database."""

from functools import partial
from pathlib import Path

import pytest
from textual import events
from textual.worker import WorkerFailed

from tests.db.house import NOW
from tests.ui.stage import HOSTILE, Showing, Stage, aside, build, showing, until
from tui_mail.db import accounts, folders
from tui_mail.db.engine import Database
from tui_mail.db.session import Session
from tui_mail.db.tables import Account, Outgoing
from tui_mail.i18n import _
from tui_mail.safetext import safe
from tui_mail.ui.keys import PREFIXES
from tui_mail.ui.screens.card import CardScreen
from tui_mail.ui.screens.compose import ComposeScreen
from tui_mail.ui.screens.help import HelpScreen
from tui_mail.ui.screens.link import LinkScreen
from tui_mail.ui.screens.main import MainScreen
from tui_mail.ui.screens.narrow import NarrowPick
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.text import SafeInput
from tui_mail.ui.work import begin
from tui_mail.values import FolderRole, RemoteFolder


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


async def _three(stage: Stage) -> None:
    await stage.receive("Offerta 55", sender="Bianchi Spa <info@bianchi.it>", seen=True)
    await stage.receive("consegna ordine 2026/119", attachment="ordine.pdf")
    await stage.receive("Estratto conto", sender="Studio Neri <s@neri.it>")


def _said(shown: Showing) -> str:
    bar = shown.main.status
    return "".join(piece.text for piece in bar.left)


def _hints(shown: Showing) -> str:
    bar = shown.console.screen.query_one("#hints", Bar)
    return "".join(piece.text for piece in bar.left)


def _choices(shown: Showing) -> list[object]:
    screen = shown.console.screen
    assert isinstance(screen, PickScreen)
    return list(screen.choices.values())


# -- reading


async def test_the_newest_mail_of_the_inbox_is_there_at_once(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 3", "Studio Neri", "Luca Ferri", "Bianchi Spa", "vendite@")
        assert shown.focused == "threads"
        lines = [line for line in shown.screen() if "Estratto conto" in line]
        assert "●" in lines[0]


async def test_a_message_rested_on_is_shown_but_stays_unread(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.sees("ci sentiamo.")
        assert stage.rows()[0].unread == 1


async def test_enter_opens_and_marks_read(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("j", "enter")
        await shown.sees("Luca Ferri <l.ferri@ferri.it>", "▪ ordine.pdf")
        await shown.until(lambda: not stage.rows()[1].unread)
        assert shown.focused == "reader"
        await shown.press("q")
        assert shown.focused == "threads"


async def test_the_reader_goes_through_list_and_conversation(stage: Stage) -> None:
    first = await stage.receive("Preventivo", body="prima\n")
    await stage.receive("Re: Preventivo", body="seconda\n", reply_to=first)
    await stage.receive("Altro", body="un'altra\n")
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("un'altra")
        await shown.press("J")
        await shown.sees("seconda", "Message 2 of 2")
        await shown.press("p")
        await shown.sees("prima", "Message 1 of 2")
        await shown.press("K")
        await shown.sees("un'altra")


async def test_space_reads_on_to_the_next_message(stage: Stage) -> None:
    await stage.receive("Corta", body="breve\n")
    await stage.receive("Lunga", body="\n".join(f"riga {number}" for number in range(60)))
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("riga 0")
        await shown.press("space")
        await shown.lacks("riga 0\u0020")
        for _page in range(5):
            await shown.press("space")
        await shown.sees("breve")


async def test_quotes_fold_and_headers_unfold(stage: Stage) -> None:
    quoted = "\n".join(f"> citata {number}" for number in range(8))
    await stage.receive("Re: x", body=f"Grazie.\n\n{quoted}\n")
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("Grazie.", "▸")
        assert not any("citata 5" in line for line in shown.screen())
        await shown.press("right")
        await shown.sees("citata 5")
        await shown.press("h")
        await shown.sees("Message-ID:")


# -- doing


async def test_archiving_says_so_and_undo_brings_it_back(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 3")
        await shown.press("e")
        await shown.sees("Inbox · 2", "Archived “Estratto conto” – z to undo")
        assert [row.subject for row in stage.rows("Archive")] == ["Estratto conto"]
        await shown.press("z")
        await shown.sees("Inbox · 3")
        assert not stage.rows("Archive")


async def test_the_cursor_stays_where_it_was_when_mail_comes_in(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("j")
        await stage.receive("Nuova")
        await shown.sees("Inbox · 4", "Nuova")
        row = shown.main.threads.row
        assert row is not None
        assert row.subject == "consegna ordine 2026/119"


@pytest.mark.parametrize(("key", "name"), [("d", "Trash"), ("delete", "Trash"), ("e", "Archive")])
async def test_keys_move_the_whole_conversation(stage: Stage, key: str, name: str) -> None:
    first = await stage.receive("Preventivo")
    await stage.receive("Re: Preventivo", reply_to=first)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 1", "(2)")
        await shown.press(key)
        await shown.sees("Inbox · 0")
        assert stage.rows(name)[0].total == 2


async def test_read_unread_and_star(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("I")
        await shown.until(lambda: not stage.rows()[0].unread)
        await shown.press("s")
        await shown.sees("★", "Starred")
        await shown.press("s")
        await shown.until(lambda: not stage.rows()[0].starred)
        await shown.press("U")
        await shown.until(lambda: stage.rows()[0].unread)


async def test_v_moves_to_a_folder_by_a_few_letters(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("v")
        await shown.sees("Move “Estratto conto” to", "Archive")
        await shown.press("a", "r", "c")
        await shown.until(lambda: len(_choices(shown)) == 1)
        await shown.press("enter")
        await shown.sees("Inbox · 2", "Moved “Estratto conto” to Archive")


async def test_v_does_not_offer_the_folder_that_the_mail_is_in(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        for keys in (("v",), ("asterisk", "a", "v")):
            await shown.press(*keys)
            await shown.until(lambda: _choices(shown))
            names = {row.value.name for row in _choices(shown) if isinstance(row, Choice)}
            assert "INBOX" not in names
            assert {"Archive", "Sent", "Trash"} <= names
            await shown.press("escape")
            await shown.until(lambda: shown.console.screen is shown.main)


async def test_t_shows_messages_instead_of_conversations(stage: Stage) -> None:
    first = await stage.receive("Preventivo")
    await stage.receive("Re: Preventivo", reply_to=first)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 1")
        await shown.press("T")
        await shown.sees("Inbox · 2")


async def test_a_change_by_another_process_appears(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 3")
        stage.archive(stage.rows()[0])
        await shown.sees("Inbox · 2")


async def test_verbs_act_on_the_marked_rows_together_and_one_undo_brings_all_back(
    stage: Stage,
) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 3")
        await shown.press("x", "x")
        await shown.sees("2 marked", "✓")
        await shown.press("e")
        await shown.sees("Inbox · 1", "Archived 2 marked")
        assert len(stage.rows("Archive")) == 2
        await shown.press("z")
        await shown.sees("Inbox · 3")
        await shown.press("Z")
        await shown.sees("Inbox · 1", "Done again.")


async def test_rows_are_marked_by_range_and_by_kind(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 3")
        await shown.press("x", "j", "X")
        await shown.sees("3 marked")
        await shown.press("asterisk", "r")
        await shown.sees("1 marked")
        await shown.press("escape")
        await shown.lacks("· 1 marked")


async def test_how_many_are_marked_is_said_at_each_mark(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 3")
        await shown.press("X")
        await shown.sees("· 1 marked", "\n 1 marked ")
        await shown.press("down", "x", "x")
        await shown.sees("· 3 marked", "\n 3 marked ")
        await shown.press("x")
        await shown.sees("· 2 marked", "\n 2 marked ")


async def test_a_list_is_read_in_another_order_and_remembers_it(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 3 · date ↓")
        await shown.press("O", "s")
        await shown.sees("subject A–Z")
        assert shown.main.threads.row is not None
        assert shown.main.threads.row.subject.startswith("consegna")
        await shown.press("O", "s")
        await shown.sees("subject Z–A")
    async with showing(stage) as shown:
        await shown.sees("subject Z–A")


async def test_what_a_search_found_is_read_in_another_order(stage: Stage) -> None:
    for number in range(1, 150):
        await stage.receive(f"Offerta {number:03}", body="parola", seen=number != 20)
    async with showing(stage) as shown:
        await shown.press("slash", *"parola", "enter")
        await shown.sees("Search: parola · 149")
        await shown.press("O", "s")
        await shown.sees("subject A–Z")
        threads = shown.main.threads
        await until(shown.pilot, lambda: threads.loaded and threads.row is not None)
        assert threads.row is not None
        assert threads.row.subject == "Offerta 001"
        await shown.press("tab")
        await until(shown.pilot, lambda: threads.row and threads.row.subject == "Offerta 020")
        await shown.press("x", "home", "X")
        await shown.sees("20 marked")
        await shown.press("O", "s")
        await shown.sees("subject Z–A")
        await shown.press("slash", *"offerta", "enter")
        await shown.lacks("subject Z–A")


async def test_a_conversation_is_split_and_marked_ones_are_joined(stage: Stage) -> None:
    first = await stage.receive("Preventivo")
    await stage.receive("Re: Preventivo", reply_to=first)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 1", "(2)")
        await shown.press("comma", "s")
        await shown.sees("Inbox · 2", "A conversation of its own")
        await shown.press("home", "x", "x", "comma", "j")
        await shown.sees("Inbox · 1", "Joined 2 marked")


# -- going


async def test_prefix_keys_go_to_folders_and_say_what_may_follow(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("g")
        await shown.sees("i inbox", "t sent", "o a document")
        await shown.press("t")
        await shown.sees("Sent · 0", "Nothing in this folder.")
        await shown.press("g", "i")
        await shown.sees("Inbox · 3")
        await shown.press("g", "d")
        await shown.sees("There are no drafts.")


async def test_prefix_keys_that_come_at_once_are_read_in_their_order(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 3")
        for _time in range(5):
            await shown.press("j")
            await shown.until(lambda: shown.main.threads.cursor == 1)
            for key in "gg":
                shown.console.post_message(events.Key(key, key))
            await shown.until(lambda: shown.main.threads.cursor == 0)
        for key in "gt":
            shown.console.post_message(events.Key(key, key))
        await shown.sees("Sent · 0")


async def test_the_prefix_is_a_letter_where_words_are_typed(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("/", *"gigi")
        await shown.until(lambda: shown.main.query_one("#search", SafeInput).value == "gigi")


async def test_a_key_after_a_prefix_that_means_nothing_does_nothing(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 3")
        await shown.press("g", "e")
        await shown.press("j")
        await shown.until(lambda: shown.main.threads.cursor == 1)
        assert len(stage.rows()) == 3


async def test_search_shows_what_it_finds_in_the_list_and_esc_goes_back(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("slash", *"neri", "enter")
        await shown.sees("Search: neri · 1", "Studio Neri")
        assert shown.focused == "threads"
        await shown.press("slash", *"zzz", "enter")
        await shown.sees("Nothing found. Esc goes back to the folder.")
        await shown.press("escape")
        await shown.sees("Inbox · 3")


async def test_a_letter_typed_into_the_search_line_is_no_verb(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("slash", "e", "d", "q", "escape")
        assert shown.focused == "threads"
        assert len(stage.rows()) == 3


async def test_folders_fold_and_open(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("alt+1", "down", "enter")
        await shown.until(lambda: shown.focused == "threads")
        assert shown.main.threads.folder is not None
        assert shown.main.threads.folder.name != "INBOX"
        await shown.press("alt+1", "left")
        await shown.sees("▸ vendite@")


async def test_the_hints_of_the_folders_say_what_the_arrows_do(stage: Stage) -> None:
    async with showing(stage, language="it") as shown:
        await shown.press("alt+1")
        await shown.until(lambda: "← ripiega  → apre" in _hints(shown))


async def test_the_palette_runs_a_command_by_its_name(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 3")
        await shown.press("ctrl+p")
        await shown.until(lambda: isinstance(shown.console.screen, PickScreen))
        await shown.press(*"arch")
        await shown.lacks("reply to all")
        await shown.press("enter")
        await shown.sees("Inbox · 2")


async def test_help_lists_the_keys_that_work_here(stage: Stage) -> None:
    async with showing(stage) as shown:
        await shown.press("question_mark")
        await shown.sees("Keys", "next unread", "g i", "Alt+3")
        assert not any("Copy selected" in line for line in shown.screen())
        await shown.press("escape")
        await shown.until(lambda: isinstance(shown.console.screen, MainScreen))


@pytest.mark.parametrize(
    ("keys", "there", "not_there"),
    [
        ((), {"g i", "* a", "O d", ", c"}, set[str]()),
        (("enter",), {"g i", "* a", "O d", ", c"}, set[str]()),
        (("alt+5",), {"g i", "* a", "O d", ", c"}, set[str]()),
        (("c",), set[str](), {"g i", "* a", "O d", ", c"}),
        (("g", "o", *"119", "enter"), {", c"}, {"g i", "* a", "O d"}),
    ],
)
async def test_help_lists_keys_of_two_strokes_where_the_first_one_works(
    stage: Stage, keys: tuple[str, ...], there: set[str], not_there: set[str]
) -> None:
    await _three(stage)
    async with showing(stage, (120, 90)) as shown:
        await shown.press(*keys[:-1])
        if keys[:1] == ("g",):
            await shown.sees("Order 119")
        await shown.press(*keys[-1:])
        top = {"c": ComposeScreen, "g": CardScreen}.get("".join(keys[:1]), MainScreen)
        await shown.until(lambda: isinstance(shown.console.screen, top))
        await shown.press("f1")
        await shown.sees("Keys", "What / understands")
        told = "\n".join(shown.screen())
        assert {two for two in there | not_there if f" {two} " in told} == there


@pytest.mark.parametrize("panel", ["enter", "alt+1", "alt+4", "alt+5"])
async def test_a_key_of_two_strokes_is_the_list_s_wherever_the_cursor_is(
    stage: Stage, panel: str
) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press(panel, "O", "s")
        await shown.sees("Inbox · 3 · subject")


@pytest.mark.parametrize("language", ["en", "it"])
async def test_help_says_that_there_is_more_and_how_to_get_there(
    stage: Stage, language: str
) -> None:
    async with showing(stage, (80, 24), language=language) as shown:
        await shown.press("question_mark")
        await shown.until(lambda: isinstance(shown.console.screen, HelpScreen))
        await shown.sees("↓ ", {"en": "Space read on", "it": "Spazio"}[language])
        pages: list[str] = []
        while not pages or "↓ " in shown.screen()[-1]:
            pages.append("\n".join(shown.screen()))
            await shown.press("space")
        pages.append("\n".join(shown.screen()))
        assert len(pages) > 2
        assert not any("…" in line for line in pages[-1].splitlines())
        assert "not there yet" not in "".join(pages)
        assert "@NAME" in "".join(pages) or "@NOME" in "".join(pages)


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("prefix", ["comma", "g", "O", "asterisk"])
async def test_what_may_follow_a_prefix_is_shown_whole(
    stage: Stage, prefix: str, language: str
) -> None:
    await _three(stage)
    async with showing(stage, (80, 24), language=language) as shown:
        before = shown.screen()[1:-2]
        await shown.press(prefix)
        name = {"comma": ",", "asterisk": "*"}.get(prefix, prefix)
        every = {f"{item.key} {_(item.words)}": item.action for item in PREFIXES[name]}
        wanted = {words for words, action in every.items() if action != "not_yet"}

        def told() -> set[str]:
            below = " ".join("".join(shown.screen()[-2:]).split())
            return {words for words in every if words in below}

        await shown.until(lambda: told() == wanted)
        assert shown.screen()[1:-2] == before
        await shown.press("x")
        await shown.until(lambda: " … " not in "".join(shown.screen()[-3:]))


async def test_q_at_the_top_asks_once(stage: Stage) -> None:
    async with showing(stage) as shown:
        await shown.press("q")
        assert "Press q again" in _said(shown)
        await shown.press("j", "q")
        assert shown.console.is_running
        await shown.press("q")
        await shown.until(lambda: not shown.console.is_running)
        assert shown.console.return_code == 0


# -- records


async def test_records_are_shown_with_why_and_can_be_confirmed(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("j")
        await shown.sees("Ferri Impianti Srl", "Order 119", "Mail of Ferri Impianti")
        await shown.sees("subject")
        await shown.press("i", "down", "y")
        await shown.sees("Confirmed SO 119 – z to undo", "✓ Order 119")


_LONG = "Riferimento alla vostra gradita conferma dell'ordine 2026/119 del tre novembre scorso"


def _of_records(shown: Showing) -> str:
    """What the panel of records says, line by line as one text."""
    region = shown.main.records.region
    lines = [line[region.x :] for line in shown.screen()[region.y : region.bottom]]
    return " ".join(" ".join(lines).replace("│", " ").split())


@pytest.mark.parametrize("language", ["en", "it"])
async def test_a_reason_takes_a_line_until_the_cursor_is_on_its_record(
    stage: Stage, language: str
) -> None:
    for number in range(8):
        await stage.receive(f"Un saluto {number}")
    await stage.receive(_LONG)
    async with showing(stage, language=language) as shown:
        await shown.sees("119", "l.ferri@ferri.it")
        assert "2026/119”" not in _of_records(shown)
        await shown.press("i", "down")
        await shown.until(lambda: "2026/119”" in _of_records(shown))
        await shown.press("up")
        await shown.until(lambda: "2026/119”" not in _of_records(shown))


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_every_reason_is_told_in_whole_where_there_is_room(
    stage: Stage, size: tuple[int, int]
) -> None:
    await stage.receive(f"{_LONG} {_LONG}")
    async with showing(stage, size) as shown:
        await shown.press("i")
        await shown.sees("Order 119", "Mail of Ferri Impianti")
        assert "2026/119”" in _of_records(shown)
        await shown.press("down")
        await shown.sees("Order 119", "Mail of Ferri Impianti")
        assert "is one of its" in _of_records(shown) or "is Luca Ferri" in _of_records(shown)


async def test_the_records_panel_says_how_much_is_below(stage: Stage) -> None:
    for number in range(8):
        await stage.receive(f"Ordine 2026/119, parte {number}")
    async with showing(stage, (80, 16)) as shown:
        await shown.press("i")
        await shown.sees("Ferri Impianti Srl", "↓ ", " more")
        await shown.press("end")
        await shown.sees("▸ Ordine 2026/119")
        await shown.lacks(" more")
        assert "parte" in shown.screen()[-4]


async def test_a_card_opens_and_gives_its_mail_back_to_the_reader(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("j")
        await shown.sees("Order 119")
        await shown.press("i", "down", "enter")
        await shown.sees("Order 119", "Chain", "PO-77", "Mail · 1")
        await shown.press("tab", "enter")
        await shown.sees("▪ ordine.pdf")
        assert shown.console.screen is shown.main
        assert shown.focused == "reader"


async def test_t_shows_the_mail_of_the_record(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("j", "t")
        await shown.until(lambda: isinstance(shown.console.screen, CardScreen))
        await shown.sees("Mail · 1")
        await shown.press("escape", "home", "t")
        await shown.sees("No record is linked to this message")


async def test_the_mail_of_a_record_is_narrowed_and_shown_whole_again(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("j", "t")
        await shown.until(lambda: isinstance(shown.console.screen, CardScreen))
        await shown.sees("Mail · 1", "consegna ordine")
        await shown.press("backslash")
        await shown.until(lambda: isinstance(shown.console.screen, NarrowPick))
        await shown.press(*"sent", "enter")
        await shown.sees("Mail · 0 · sent by us", "None of its mail is such")
        await shown.press("backslash")
        await shown.until(lambda: isinstance(shown.console.screen, NarrowPick))
        await shown.press(*"came in", "enter")
        await shown.sees("Mail · 1 · came in", "consegna ordine")
        await shown.press("backslash")
        await shown.until(lambda: isinstance(shown.console.screen, NarrowPick))
        await shown.press(*"human", "enter")
        await shown.sees("Mail · 1 · came in · human")
        await shown.press("backslash")
        await shown.until(lambda: isinstance(shown.console.screen, NarrowPick))
        await shown.press(*"all mail", "enter")
        await shown.until(lambda: not any("came in" in line for line in shown.screen()))
        await shown.sees("Mail · 1")


def _first_choice(shown: Showing) -> str:
    """What stands below the heading of what is chosen from."""
    screen = shown.screen()
    heading = next(at for at, line in enumerate(screen) if line.startswith("━"))
    return screen[heading + 1].strip()


@pytest.mark.parametrize(("language", "words", "named"), [
    ("en", ("sent", "outgoing", "inviate"), "sent by us"),
    ("it", ("inviata", "inviate", "sent"), "inviata da noi"),
    ("en", ("bounce", "bounces", "mancato recapito"), "bounce"),
    ("it", ("mancato-recapito", "mancato recapito", "respinte", "bounce"), "mancato-recapito"),
    ("en", ("chain",), "with its chain"),
    ("it", ("catena",), "con la sua catena"),
    ("it", ("arrivate", "ricevute"), "arrivata"),
])  # fmt: skip
async def test_the_words_that_narrow_are_those_that_are_told(
    stage: Stage, language: str, words: tuple[str, ...], named: str
) -> None:
    await stage.receive("Ordine 2026/119")
    async with showing(stage, language=language) as shown:
        await shown.press("t")
        await shown.until(lambda: isinstance(shown.console.screen, CardScreen))
        await shown.press("backslash")
        await shown.sees(f"› {'sent' if language == 'en' else 'inviata'}, 3m")
        for word in words:
            await shown.press(*("space" if letter == " " else letter for letter in word))
            await shown.sees(f"› {word} ")
            await shown.until(lambda: _first_choice(shown).startswith(named))
            await shown.press(*["backspace"] * len(word))


async def test_the_mail_of_a_record_is_shown_with_that_of_its_chain(stage: Stage) -> None:
    await stage.receive("Fattura 88/A del 2026")
    await stage.receive("Ordine 2026/119")
    async with showing(stage) as shown:
        await shown.press("t")
        await shown.until(lambda: isinstance(shown.console.screen, CardScreen))
        await shown.sees("Mail · 1")
        await shown.press("C")
        await shown.sees("Mail · 2 · with its chain", "Fattura 88/A", "Ordine 2026/119")
        await shown.press("C")
        await shown.sees("Mail · 1 ")
        await shown.press("backslash")
        await shown.until(lambda: isinstance(shown.console.screen, NarrowPick))
        await shown.press(*"chain", "enter")
        await shown.sees("Mail · 2 · with its chain")
        await shown.press("escape", "g", "c")
        await shown.press(*"ferri")
        await shown.sees("Ferri Impianti Srl")
        await shown.press("enter", "tab", "C")
        await shown.sees("Nothing came of this record, and it came from none.")


@pytest.mark.parametrize(
    ("typed", "said", "found"),
    [
        ("30d", "· from ", 1),
        ("1d", "· from ", 0),
        ("30d..1d", " – ", 1),
        ("2020-01..2020-12", "01/01/2020 – 31/12/2020", 0),
    ],
)
async def test_the_mail_of_a_record_in_a_period_of_ones_own(
    stage: Stage, typed: str, said: str, found: int
) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("j", "t")
        await shown.until(lambda: isinstance(shown.console.screen, CardScreen))
        await shown.sees("Mail · 1")
        await shown.press("backslash")
        await shown.until(lambda: isinstance(shown.console.screen, NarrowPick))
        await shown.pilot.press(*("full_stop" if one == "." else one for one in typed), "enter")
        await shown.sees(f"Mail · {found} · ", said)


async def test_linking_by_hand_finds_adds_and_rejects(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("L")
        await shown.until(lambda: isinstance(shown.console.screen, LinkScreen))
        await shown.press(*"bianchi")
        await shown.sees("Bianchi Spa")
        await shown.press("enter")
        await shown.sees("Linked Bianchi Spa", "✓ Bianchi Spa")
        await shown.press("delete")
        await shown.sees("Rejected Bianchi Spa")
        await shown.press("escape")
        assert shown.console.screen is shown.main


async def test_g_o_goes_to_a_document_by_its_number(stage: Stage) -> None:
    async with showing(stage) as shown:
        await shown.press("g", "o", *"119")
        await shown.sees("Order 119", "Ferri Impianti Srl")
        await shown.press("enter")
        await shown.sees("━ Order 119 ━")


@pytest.mark.parametrize(("keys", "language", "sentence"), [
    ("L", "en", "Nothing is proposed: type a number, a name or an amount."),
    ("L", "it", "Nessuna proposta: scrivi un numero, un nome o un importo."),
    ("go", "en", "Type a number, a name or an amount."),
    ("go", "it", "Scrivi un numero, un nome o un importo."),
    ("gc", "en", "Type a name or a code."),
    ("gc", "it", "Scrivi un nome o un codice."),
    ("l", "en", "There are no tags yet: type a name for one."),
    ("l", "it", "Non ci sono ancora etichette: scrivi un nome per farne una."),
])  # fmt: skip
async def test_nothing_to_choose_from_is_said_with_what_to_type(
    stage: Stage, keys: str, language: str, sentence: str
) -> None:
    await stage.receive("Prezzi", sender="X <x@gmail.com>", body="Ciao\n")
    async with showing(stage, (80, 24), language=language) as shown:
        await shown.press(*keys)
        await shown.sees(sentence)
        await shown.press("x", "q", "z")
        await shown.lacks(sentence)


# -- the size at hand, and nothing to show


async def test_narrow_shows_one_panel_at_a_time(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage, (80, 24)) as shown:
        await shown.sees("Inbox · 3")
        main = shown.main
        assert not any(p.display for p in (main.folders, main.reader, main.records, main.agenda))
        await shown.press("j", "enter")
        await shown.sees("SO 119", "L change  i records")
        assert not main.threads.display
        await shown.press("i")
        await shown.sees("Ferri Impianti Srl")
        await shown.press("alt+5")
        await shown.sees("Today, ")
        await shown.press("alt+1")
        await shown.sees("▾ vendite@")
        await shown.press("escape")
        assert main.threads.display


async def test_the_size_may_change_at_any_time(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage, (80, 24)) as shown:
        main = shown.main
        await shown.press("j")
        await shown.pilot.resize_terminal(120, 36)
        await shown.until(lambda: main.reader.display and main.folders.display)
        assert main.threads.cursor == 1
        await shown.pilot.resize_terminal(200, 60)
        await shown.until(lambda: main.reader.region.x > main.threads.region.x)
        assert main.threads.size.width >= 80
        assert main.agenda.region.x == main.records.region.x
        await shown.pilot.resize_terminal(240, 60)
        await shown.until(lambda: main.agenda.region.x > main.records.region.x)
        assert main.threads.size.width >= 80
        await shown.pilot.resize_terminal(120, 24)
        await shown.until(lambda: not main.reader.display)
        await shown.press("enter")
        await shown.until(lambda: main.reader.display and not main.threads.display)
        await shown.pilot.resize_terminal(6, 3)
        await shown.pilot.resize_terminal(80, 24)
        await shown.sees("consegna ordine")


async def test_without_an_account_the_console_says_what_to_do(
    sqlite_database: Database, tmp_path: Path
) -> None:
    stage = build(sqlite_database, tmp_path, account=False, records=False)
    async with showing(stage) as shown:
        await shown.sees("No account yet", "tui-mail account add")
        await shown.press("j", "e", "enter", "t", "L", "z")
        await shown.sees("There is nothing to undo.")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_where_nothing_is_no_verb_is_offered_and_each_says_why(
    sqlite_database: Database, tmp_path: Path, size: tuple[int, int]
) -> None:
    stage = build(sqlite_database, tmp_path, account=False, records=False)
    async with showing(stage, size) as shown:
        await shown.sees("No account yet")
        await shown.until(lambda: "compose" in _hints(shown))
        assert not {"open", "reply", "archive", "link"} & {*_hints(shown).split()}
        for key in ("r", "e", "L", "t", "enter"):
            shown.main.status.show(())
            await shown.press(key)
            await shown.sees("There is no message here.")
        await shown.press("i")
        await shown.sees("The records of the message in")
        await shown.until(lambda: "compose" in _hints(shown))
        assert not {"card", "confirm", "reject"} & {*_hints(shown).split()}
        for key in ("enter", "y", "delete", "t"):
            shown.main.status.show(())
            await shown.press(key)
            await shown.sees("There is no record here.")


async def test_verbs_of_rows_come_and_go_with_the_rows(stage: Stage) -> None:
    await stage.receive("Ciao")
    async with showing(stage) as shown:
        await shown.until(lambda: "reply" in _hints(shown))
        await shown.press("/", *"zzzz", "enter")
        await shown.sees("Nothing found.")
        await shown.until(lambda: "reply" not in _hints(shown))
        assert "save" in _hints(shown)
        await shown.press("escape")
        await shown.until(lambda: "reply" in _hints(shown))


async def test_without_an_erp_the_records_panel_says_what_to_do(
    sqlite_database: Database, tmp_path: Path
) -> None:
    stage = build(sqlite_database, tmp_path, records=False)
    await stage.receive("Ciao")
    async with showing(stage) as shown:
        await shown.sees("No ERP yet")


async def test_the_last_line_follows_the_focus(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.until(lambda: "reply" in _hints(shown))
        await shown.press("alt+1")
        await shown.until(lambda: "unfold" in _hints(shown))
        assert "reply" not in _hints(shown)
        await shown.press("alt+2", "j", "alt+4")
        await shown.until(lambda: "confirm" in _hints(shown))


async def test_ascii_only_shows_nothing_else_of_its_own(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage, ascii=True) as shown:
        await shown.sees("Studio Neri", "Records")
        assert all(line.isascii() for line in shown.screen())


async def test_files_of_a_message_are_saved_where_one_says(stage: Stage, tmp_path: Path) -> None:
    await stage.receive("Fattura", attachment="../../fattura.pdf")
    folder = tmp_path / "salvati"
    folder.mkdir()
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("fattura.pdf")
        await shown.press("S")
        await shown.sees("Save 1 file in")
        line = shown.console.screen.query_one(SafeInput)
        line.value = str(folder)
        await shown.sees("salvati/", "save here")
        await shown.press("enter")
        await shown.sees("Saved ")
    assert [path.name for path in folder.iterdir()] == ["fattura.pdf"]
    assert (folder / "fattura.pdf").read_bytes() == b"%PDF-"


# -- what is typed at once, and what fails


async def test_what_is_typed_at_once_is_looked_up_at_once(stage: Stage) -> None:
    asked: list[str] = []

    async def find(text: str) -> list[Choice[str]]:
        asked.append(text)
        return []

    async with showing(stage) as shown:
        await shown.console.push_screen(PickScreen(safe("Go"), find))
        await shown.until(lambda: asked == [""])
        for sign in "2026/119":
            shown.console.post_message(events.Key(sign, sign))
        await shown.until(lambda: asked[-1] == "2026/119")
        assert asked == ["", "2026/119"]


async def test_the_log_says_where_work_beside_the_keys_failed(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> None:
        raise LookupError("nothing there")

    async def until_it_ends() -> None:
        async with showing(stage) as shown:
            begin(shown.main, broken, "test")
            await shown.until(lambda: not shown.console.is_running)

    with pytest.raises(WorkerFailed):
        await until_it_ends()
    assert "in broken" in caplog.text


# -- hostile


@pytest.mark.parametrize("subject", HOSTILE)
async def test_hostile_text_is_shown_as_text_everywhere(stage: Stage, subject: str) -> None:
    await stage.receive(subject, sender=f'"{subject[:20]}" <l.ferri@ferri.it>', body=subject)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 1", "Mail of Ferri")
        await shown.press("enter", "h", "s", "L")
        await shown.until(lambda: isinstance(shown.console.screen, LinkScreen))
        await shown.press("escape", "V")
        await shown.until(lambda: isinstance(shown.console.screen, PickScreen))
        await shown.press("escape", "i", "t")
        await shown.until(lambda: isinstance(shown.console.screen, CardScreen))
        for line in shown.screen():
            assert not any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in line)
            assert not set(line) & set("\u202e\u2067\u200b\ufeff")
        shown.console.notify(subject)
        assert shown.console.is_running


async def test_markup_in_a_subject_is_shown_verbatim(stage: Stage) -> None:
    await stage.receive("[@click=app.exit]x[/] [EXT]")
    async with showing(stage) as shown:
        await shown.sees("[@click=app.exit]x[/]")
        await shown.pilot.click(offset=(50, 2))
        assert shown.console.is_running


# -- what goes wrong


def _other_account(session: Session) -> int:
    wish = Account(email="acquisti@rossi.it", protocol="imap", host="localhost", port=1)
    added = accounts.add_account(session, wish, 1).id or 0
    folders.reconcile_folders(session, added, [RemoteFolder("INBOX", "INBOX", FolderRole.INBOX)])
    return added


async def test_an_empty_list_does_not_show_the_trouble_of_another_account(stage: Stage) -> None:
    other = aside(lambda: stage.database.write_now(_other_account))
    failed = partial(accounts.record_failure, account_id=other, message="No server.", now=NOW)
    aside(lambda: stage.database.write_now(failed))
    async with showing(stage) as shown:
        await shown.sees(
            "Nothing in this folder", "⚠ not up to date", "acquisti@rossi.it: No server."
        )
        shown.main.show_folder(next(row for row in stage.folders() if row.account_id == other))
        await shown.until(lambda: "\n".join(shown.screen()).count("rossi.it: No server.") == 2)
        await shown.lacks("Nothing in this folder")


async def test_mail_is_up_to_date_though_letters_do_not_go_out(stage: Stage) -> None:
    def only_sending_fails(session: Session) -> None:
        accounts.record_success(session, stage.account, NOW)
        accounts.record_failure(session, stage.account, "No server.", NOW, sending=True)
        session.add(
            Outgoing(
                account_id=stage.account,
                state="queued",
                message_id="x@rossi.it",
                raw=b"",
                next_try=NOW,
                created_at=NOW,
            )
        )

    aside(lambda: stage.database.write_now(only_sending_fails))
    async with showing(stage) as shown:
        await shown.sees("● updated", "⚠ ↑1 outgoing", "No server.", "Nothing in this folder")
        await shown.lacks("not up to date")


async def test_saving_into_a_folder_that_is_not_there_says_so(stage: Stage, tmp_path: Path) -> None:
    await stage.receive("Con allegato", attachment="ordine.pdf")
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("▪ ordine.pdf")
        await shown.press("S")
        await shown.sees("Save 1 file in")
        line = shown.console.screen.query_one(SafeInput)
        line.value = f"~/{tmp_path}/neu"
        await shown.press("enter")
        await shown.sees("There is no folder /", "make it first")
        (tmp_path / "neu").mkdir()
        line.value = f"~/{tmp_path}/neu/"
        await shown.sees("save here")
        await shown.lacks("There is no folder")
        await shown.press("enter")
        await shown.until((tmp_path / "neu" / "ordine.pdf").exists)


# -- what was said


async def test_news_goes_and_what_went_wrong_stays_until_a_key_after_it_was_seen(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_mail.ui.widgets.status.NEWS_SECONDS", 0.2)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 0")
        shown.main.status.say(safe("It is done."))
        await shown.sees("It is done.")
        await shown.lacks("It is done.")
        shown.main.status.say(safe("It cannot be done."), wrong=True)
        over: list[bool] = []
        shown.main.set_timer(0.4, lambda: over.append(True))
        await until(shown.pilot, lambda: over)
        await shown.press("j")
        await shown.sees("It cannot be done.")
        monkeypatch.setattr("tui_mail.ui.widgets.status.SEEN_SECONDS", 0.0)
        await shown.press("j")
        await shown.lacks("It cannot be done.")


@pytest.mark.parametrize("keys", [("escape",), ("alt+4",), ("K",), ("question_mark", "escape")])
async def test_what_is_said_of_a_message_goes_when_it_is_left(
    stage: Stage, keys: tuple[str, ...]
) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("j", "enter")
        await shown.sees("▪ ordine.pdf")
        await shown.press("1", "2", "o")
        await shown.sees("The message has no links.")
        await shown.press(*keys)
        await shown.lacks("The message has no links.")


async def test_a_way_back_is_spoken_of_until_something_else_is_in_hand(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.press("s")
        await shown.sees("Starred “Estratto conto” – z to undo")
        await shown.press("alt+4", "question_mark")
        await shown.sees("What / understands")
        await shown.press("escape", "escape")
        await shown.sees("Starred “Estratto conto” – z to undo")
        await shown.press("enter")
        await shown.lacks("z to undo")
        await shown.press("escape", "s")
        await shown.sees("Unstarred “Estratto conto” – z to undo")
        await shown.press("slash", *"neri", "enter")
        await shown.sees("Search: neri · 1")
        await shown.lacks("z to undo")


async def test_undo_does_not_mean_what_the_console_did_by_itself(stage: Stage) -> None:
    await _three(stage)
    async with showing(stage) as shown:
        await shown.sees("Inbox · 3")
        threads = shown.main.threads
        await shown.press("s")
        await shown.sees("z to undo")
        await shown.press("j", "enter")
        await until(shown.pilot, lambda: sum(bool(row.unread) for row in threads.rows) == 1)
        await shown.press("escape", "z")
        await until(shown.pilot, lambda: not any(row.starred for row in threads.rows))
        assert sum(bool(row.unread) for row in threads.rows) == 1
