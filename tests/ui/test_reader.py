"""Reading a message by the keys: links, quotes, source, files, who vouches for it."""

import base64
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from textual import events

from tests.mail.providers import Posted, envelope, facts, receipt
from tests.ui.stage import Showing, Stage, build, showing
from tui_mail.db.engine import Database
from tui_mail.ui.screens.address import AddressScreen
from tui_mail.ui.screens.compose import ComposeScreen
from tui_mail.ui.screens.pick import PickScreen
from tui_mail.ui.widgets.text import SafeInput, width_of


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


Say = Callable[[str], None]


def _page(html: str, **more: str) -> bytes:
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in more.items())
    return (head + "Content-Type: text/html; charset=utf-8\r\n\r\n" + html).encode()


LINKS = (
    "<p>Vai su <a href='https://evil.example/accesso?u=1'>www.banca.example</a>, o scrivi a "
    "<a href='mailto:anna@ferri.it?bcc=x@y.it'>Anna</a>.</p>"
)


async def test_a_link_is_warned_of_and_seen_in_whole_before_it_is_copied(stage: Stage) -> None:
    await stage.take(_page(LINKS, From="Luca <l.ferri@ferri.it>", Subject="Accesso"))
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("⚠ link 1 leads to evil.example, not to www.banca.example")
        await shown.sees("www.banca.example[1]", "[1] evil.example/accesso?u=1")
        await shown.press("o")
        await shown.sees("Type the number of a link first.")
        await shown.press("9", "o")
        await shown.sees("The message has no link 9.")
        await shown.press("1")
        await shown.sees("link 1: evil.example/accesso?u=1")
        await shown.press("o")
        await shown.until(lambda: isinstance(shown.console.screen, AddressScreen))
        await shown.sees("Link 1", "its text shows www.banca.example, but it leads to evil.example")
        await shown.sees("https://evil.example/accesso?u=1")
        await shown.press("y")
        await shown.sees("copied: https://evil.example/accesso?u=1")
        assert shown.console.clipboard == "https://evil.example/accesso?u=1"


async def test_the_number_of_a_link_is_typed_anew_after_any_other_key(stage: Stage) -> None:
    await stage.take(_page(LINKS, From="Luca <l.ferri@ferri.it>", Subject="Accesso"))
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("[2] anna@ferri.it")
        await shown.press("1", "o")
        await shown.until(lambda: isinstance(shown.console.screen, AddressScreen))
        await shown.press("escape")
        await shown.until(lambda: shown.focused == "reader")
        await shown.press("2", "o")
        await shown.until(lambda: isinstance(shown.console.screen, AddressScreen))
        await shown.sees("Link 2")
        await shown.press("escape")
        await shown.until(lambda: shown.focused == "reader")
        await shown.press("o")
        await shown.sees("Type the number of a link first.")
        await shown.press("2", "y")
        await shown.sees("copied: anna@ferri.it")
        await shown.press("1", "y")
        await shown.sees("copied: evil.example")
        await shown.press("1", "j", "y")
        await shown.sees("Type the number of a link first.")
        await shown.press("9", "o", "2")
        await shown.sees("link 2: anna@ferri.it")


async def test_a_link_to_a_mail_address_begins_a_letter_to_it_alone(stage: Stage) -> None:
    await stage.take(_page(LINKS, From="Luca <l.ferri@ferri.it>", Subject="Accesso"))
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("[2] anna@ferri.it")
        await shown.press("2", "o")
        await shown.until(lambda: isinstance(shown.console.screen, AddressScreen))
        await shown.press("c")
        await shown.until(lambda: isinstance(shown.console.screen, ComposeScreen))
        await shown.sees("anna@ferri.it")
        await shown.lacks("x@y.it")


async def test_alt_and_a_figure_leads_to_a_panel_also_from_the_message(stage: Stage) -> None:
    await stage.take(_page(LINKS, From="Luca <l.ferri@ferri.it>", Subject="Accesso"))
    async with showing(stage) as shown:
        for figure, panel in enumerate(("folders", "threads", "reader", "records", "agenda"), 1):
            await shown.press("alt+3")
            await shown.until(lambda: shown.focused == "reader")
            # As terminals send it: the figure is told beside the name of the key.
            shown.console.post_message(events.Key(f"alt+{figure}", str(figure)))
            await shown.until(partial(_has_focus, shown, panel))


def _has_focus(shown: Showing, panel: str) -> bool:
    return shown.focused == panel


async def test_quotes_open_one_depth_at_a_time(stage: Stage) -> None:
    body = (
        "Va bene.\n\nIl 12/11/2026 09:15, Bianchi Spa <i@b.it> ha scritto:\n"
        + "> prima risposta\n" * 4
        + "> Il 3/11/2026 08:00, Anna ha scritto:\n"
        + ">> domanda\n" * 5
    )
    await stage.receive("Re: consegna", body=body)
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("▸ 10 quoted lines · Bianchi Spa, 12 Nov")
        await shown.lacks("prima risposta")
        await shown.press("right")
        await shown.sees("> prima risposta", "▸ 5 quoted lines · Anna, 3 Nov")
        await shown.press("right")
        await shown.sees(">> domanda")
        await shown.press("left", "left")
        await shown.sees("▸ 10 quoted lines")


async def test_the_source_is_the_bytes_and_one_key_away(stage: Stage) -> None:
    await stage.take(_page("<p>ciao</p>", From="Luca <l@ferri.it>", X_Own="a\x1b]0;PWN\x07b"))
    async with showing(stage) as shown:
        await shown.press("enter", "ctrl+u")
        await shown.sees("X-Own: a␛]0;PWN␇b", "<p>ciao</p>", "Content-Type: text/html")
        await shown.press("ctrl+u")
        await shown.lacks("<p>ciao</p>")


async def test_v_lists_what_came_with_the_message_and_saves_it(
    stage: Stage, tmp_path: Path
) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    await stage.receive("Fattura", attachment="fattura.pdf")
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("▪ fattura.pdf")
        await shown.press("v")
        await shown.until(lambda: isinstance(shown.console.screen, PickScreen))
        await shown.sees("1 attachment: Enter saves", "fattura.pdf", "application/pdf", "5 B")
        await shown.press("enter")
        await shown.sees("Save 1 file in")
        shown.console.screen.query_one(SafeInput).value = str(folder)
        await shown.sees("saved/", "save here")
        await shown.press("enter")
        await shown.sees("Saved ")
    assert (folder / "fattura.pdf").read_bytes() == b"%PDF-"


async def test_certified_mail_says_so_in_a_word(stage: Stage) -> None:
    raw = envelope(Posted(sender="x@pec.it", subject="ordine", text="ordine 77"))
    await stage.take(raw)
    async with showing(stage) as shown:
        await shown.sees("PEC · Anna Rossi", "ordine")
        await shown.lacks("POSTA CERTIFICATA", "Per conto di")
        await shown.press("enter")
        await shown.sees("✓ PEC gestore.example", "ordine 77", "x@pec.it")
        await shown.lacks("no provider", "does not fit", "Messaggio di posta certificata")
        await shown.press("h")
        await shown.sees("certified mail: signed by Posta Certificata", "Per conto di: x@pec.it")
        await shown.press("end")
        await shown.sees("Messaggio di posta certificata")


async def test_where_there_is_no_room_for_the_provider_certified_mail_still_says_so(
    stage: Stage,
) -> None:
    await stage.take(envelope(Posted(sender="x@pec.it", subject="ordine")))
    async with showing(stage, (40, 24)) as shown:
        await shown.press("enter")
        await shown.sees("✓ PEC ")
        await shown.lacks("gestore.example")


LONG = "Ufficio Vendite Rossi Impianti <ufficio.vendite@rossi-impianti-industriali.it>"


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_of_a_letter_of_ours_it_is_told_to_whom_it_went(
    stage: Stage, size: tuple[int, int]
) -> None:
    head = f"From: {LONG}\r\nTo: Mario Bianchi <m.bianchi@bianchi.it>, acquisti@verdi.it\r\n"
    await stage.take(f"{head}Subject: Offerta 55\r\n\r\nciao".encode(), folder="Sent")
    async with showing(stage, size) as shown:
        await shown.press("g", "t")
        await shown.sees("Offerta 55")
        await shown.press("enter")
        await shown.sees("to Mario Bianchi <m.bianchi@bianchi.it>, acquisti@verdi.it")
        await shown.sees("Ufficio Vendite Rossi Impianti <ufficio")


async def test_who_else_got_a_letter_is_told_below_a_long_sender(stage: Stage) -> None:
    head = f"From: {LONG}\r\nTo: vendite@rossi.it, acquisti@verdi.it\r\n"
    await stage.take(f"{head}Subject: Offerta 55\r\n\r\nciao".encode())
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("to vendite@rossi.it, acquisti@verdi.it")


async def test_a_failed_delivery_stands_out_and_its_reason_is_read_whole(stage: Stage) -> None:
    posted = Posted(sender="vendite@rossi.it", to="amministrazione@pec.bianchi-impianti.it")
    reason = "5.1.1 - Gestore Bianchi - indirizzo non valido: la casella non esiste o non riceve"
    said = facts(posted, "errore-consegna", error="no-dest", delivered_to=posted.to, reason=reason)
    await stage.take(receipt(posted, "errore-consegna", said))
    async with showing(stage, (80, 30)) as shown:
        await shown.press("enter")
        await shown.sees("PEC the letter was not delivered", "PEC amministrazione@pec.bianchi")
        told = " ".join(" ".join(shown.screen()).split())
        assert f"not delivered ({reason})" in told
        assert _colour(shown, "the letter was not") == shown.console.inks.colours.error
        assert _colour(shown, "esiste o non riceve)") == shown.console.inks.colours.error


async def test_a_delivery_is_told_quietly(stage: Stage) -> None:
    posted = Posted(sender="vendite@rossi.it", to="x@pec.it")
    said = facts(posted, "avvenuta-consegna", delivered_to=posted.to)
    await stage.take(receipt(posted, "avvenuta-consegna", said))
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("PEC x@pec.it: delivered")
        assert _colour(shown, "x@pec.it: delivered") == shown.console.inks.colours.dim


def _colour(shown: Showing, words: str) -> str:
    """The colour of the piece of the screen in which these words are."""
    strips = shown.console.screen._compositor.render_strips()
    styles = [one.style for strip in strips for one in strip if words in one.text]
    assert len(styles) == 1
    assert styles[0] is not None
    assert styles[0].color is not None
    return styles[0].color.name


async def test_what_no_provider_signed_is_not_certified(stage: Stage) -> None:
    await stage.take(envelope(Posted(sender="x@pec.it", subject="ordine"), signed=False))
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("no provider has signed this: it only looks like certified mail")
        await shown.lacks("✓ PEC")


async def test_what_is_opened_while_it_is_on_its_way_is_what_becomes_read(stage: Stage) -> None:
    await stage.receive("Seconda")
    await stage.receive("Prima")
    async with showing(stage) as shown:
        await shown.sees("Message", "ci sentiamo")
        further = stage.rows()[1].message_id
        await shown.press("down")
        shown.main.reader.open(further, by_hand=False)  # as when the cursor has rested on it
        shown.main.reader.open(further)
        await shown.until(lambda: not stage.rows()[1].unread)
        assert stage.rows()[0].unread


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_recipients_are_named_where_there_is_room_for_more_than_the_word_to(
    stage: Stage, width: int
) -> None:
    for name in ("g", "giorgio.verdi.amministrazione"):
        sender = f"Giorgio Verdi <{name}@verdi-snc.example>"
        raw = f"From: {sender}\r\nTo: vendite@rossi-srl.example\r\nSubject: {name}\r\n\r\nciao\r\n"
        await stage.take(raw.encode())
    async with showing(stage, (width, 36)) as shown:
        for _ in range(2):
            await shown.press("enter")
            await shown.sees("Giorgio Verdi <g")
            assert not any(" to… " in line or " to …" in line for line in shown.screen())
            await shown.press("escape", "down")


async def test_the_servers_word_on_the_sender_is_one_word_and_more_on_h(stage: Stage) -> None:
    checked = "mx.rossi.it; spf=pass smtp.mailfrom=ferri.it; dkim=pass header.d=ferri.it"
    await stage.take(
        _page("<p>uno</p>", Authentication_Results=checked, From="l@ferri.it", Subject="vero")
    )
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("✓ SPF DKIM")
        await shown.press("h")
        await shown.sees("mx.rossi.it: ferri.it vouches for this (SPF, DKIM)")


async def test_what_the_senders_domain_disowns_is_warned_of(stage: Stage) -> None:
    checked = "mx.rossi.it; spf=fail smtp.mailfrom=ferri.it; dmarc=fail header.from=ferri.it"
    await stage.take(
        _page("<p>uno</p>", Authentication_Results=checked, From="l@ferri.it", Subject="falso")
    )
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("⚠ the sender's domain says that this is not from it")


def _letter_with_picture() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (160, 64), (200, 16, 8)).save(data, "PNG")
    return (
        b"From: l@ferri.it\r\nSubject: logo\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n"
        b"<p>sopra<img src='cid:a@x'>sotto</p>\r\n--x\r\nContent-Type: image/png; name=logo.png\r\n"
        b"Content-ID: <a@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(data.getvalue())
        + b"--x--\r\n"
    )


async def test_pictures_are_drawn_in_colour_and_named_without_it(stage: Stage) -> None:
    await stage.take(_letter_with_picture())
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("▀" * 20)
        colours = {
            (segment.style.color.name, segment.style.bgcolor.name)
            for strip in shown.console.screen._compositor.render_strips()
            for segment in strip
            if "▀" in segment.text
            and segment.style
            and segment.style.color
            and segment.style.bgcolor
        }
        assert colours == {("#c81008", "#c81008")}
    async with showing(stage, ascii=True) as shown:
        await shown.press("enter")
        await shown.sees("[image: logo.png]")
        await shown.lacks("▀")


async def test_a_message_is_laid_out_once_for_a_width(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    widths: list[int] = []
    from tui_mail.mail import render as module

    whole = module.render

    def counted(parsed: object, width: int, **options: object) -> object:
        widths.append(width)
        return whole(parsed, width, **options)  # type: ignore[arg-type] # passed on

    monkeypatch.setattr(module, "render", counted)
    await stage.receive("Uno", body="prima\n")
    await stage.receive("Due", body="seconda\n")
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("seconda")
        await shown.press("J")
        await shown.sees("prima")
        await shown.press("K")
        await shown.sees("seconda")
        assert len(widths) == 2
        await shown.pilot.resize_terminal(100, 30)
        await shown.until(lambda: len(widths) == 3)
        await shown.pilot.resize_terminal(120, 36)
        await shown.sees("seconda")
        assert len(widths) == 3


async def test_a_very_long_message_shows_its_beginning_and_then_all(stage: Stage) -> None:
    await stage.take(_page(f"<p>{'riga ' * 9}</p>" * 5_000 + "<p>fine</p>", From="l@ferri.it"))
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("riga")
        await shown.until(lambda: shown.main.reader.count > 9_000)
        await shown.press("end")
        await shown.sees("fine")


async def test_a_long_warning_is_wrapped_to_its_end(stage: Stage) -> None:
    address = "ufficio.amministrazione.fornitori." + "x" * 40 + "@pagamenti-veloci.example"
    raw = (
        b"From: Luca Ferri <l.ferri@ferri.it>\r\nTo: vendite@rossi.it\r\n"
        b"Reply-To: " + address.encode() + b"\r\nSubject: IBAN\r\n\r\nBuongiorno\r\n"
    )
    await stage.take(raw)
    for size in ((80, 24), (120, 36), (200, 60)):
        async with showing(stage, size) as shown:
            await shown.press("enter")
            await shown.sees("⚠ a reply goes to another address")
            reader = shown.main.reader
            lines = reader.head(reader.inner_width)
            assert all(width_of("".join(one.text for one in line)) <= size[0] for line in lines)
            text = "".join(one.text for line in lines for one in line)
            assert address in "".join(text.split())


async def test_tags_are_shown_in_the_list_and_in_the_reader_as_soon_as_they_are_on(
    stage: Stage,
) -> None:
    await stage.receive("Offerta pompe")
    async with showing(stage) as shown:
        await shown.sees("Offerta pompe", "ci sentiamo")
        await shown.lacks("#banca")
        await shown.press("l", *"banca", "enter")
        await shown.until(lambda: "\n".join(shown.screen()).count("#banca") == 2)
        await shown.press("z")
        await shown.lacks("#banca")


async def test_a_sender_who_was_not_in_the_conversation_is_warned_of(stage: Stage) -> None:
    known = await stage.receive("Bonifico")
    await stage.receive(
        "Re: Bonifico", sender="Luca Ferri <l.ferri@ferri-it.example>", reply_to=known
    )
    async with showing(stage) as shown:
        await shown.sees("⚠ new sender: l.ferri@ferri-it.example was not in this")
        await shown.press("enter", "p")
        await shown.lacks("new sender")


async def test_a_known_identifier_on_another_content_is_warned_of(stage: Stage) -> None:
    await stage.take(_page("<p>Uno</p>", message_id="<known@ferri.it>"))
    await stage.take(_page("<p>Due</p>", message_id="<known@ferri.it>"))
    async with showing(stage) as shown:
        await shown.sees("⚠ another message has the same identifier and says something")


@pytest.mark.parametrize("year", [1970, 2025, 2099])
async def test_a_date_that_is_not_when_it_came_is_told_of_with_both(
    stage: Stage, year: int
) -> None:
    date = f"Fri, 02 Jan {year} 10:00:00 +0000"
    await stage.take(_page("<p>Uno</p>", date=date))
    async with showing(stage) as shown:
        await shown.sees("⚠ it is dated", f"Jan {year}", "but it came on")
