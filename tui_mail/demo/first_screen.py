"""The mail of the last hours: what the first screen of the demo is about."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tui_mail.demo.attachments import document_file, order_file, png, receipt_file
from tui_mail.demo.bulk_mail import accountant_voice, stranger_voice
from tui_mail.demo.certified import Certified, post_certified
from tui_mail.demo.clients import Voice, Written, client_of, local
from tui_mail.demo.envelope import Attachment, Mailbox
from tui_mail.demo.mailroom import ACCOUNT_NAMES, OFFICE, PERSONAL, SALES, Item, Mailroom
from tui_mail.demo.parties import ACCOUNTANTS
from tui_mail.demo.wording import amount

UNREAD: frozenset[str] = frozenset()
SEEN = frozenset({"\\Seen"})
ANSWERED = frozenset({"\\Seen", "\\Answered"})
STARRED = frozenset({"\\Seen", "\\Flagged"})


def post_first_screen(room: Mailroom) -> None:
    """Post the conversations of the cast, ending a minute before now."""
    for post in (_bianchi, _ferri, _accountant, _comune, _verdi, _costa, _stranger, _inside):
        post(room)


def _ago(room: Mailroom, *, days: int = 0, minutes: int = 0) -> datetime:
    """Return a moment so many minutes, and working days, before now."""
    moment = room.company.now - timedelta(minutes=minutes)
    while days > 0:
        moment -= timedelta(days=1)
        days -= moment.weekday() < 5
    return moment


@dataclass(frozen=True, slots=True)
class _Head:
    """In which account a message of the cast is, when, about what."""

    account: str
    moment: datetime
    subject: str


def _say(
    room: Mailroom, voice: Voice, head: _Head, paragraphs: tuple[str, ...], flags: frozenset[str],
    *, reader: str = "", previous: Written | None = None,
    attachments: tuple[Attachment, ...] = (), enclosed: str = "",
) -> Written:  # fmt: skip
    """Post a message to our account, read as `flags` say."""
    to = (Mailbox(ACCOUNT_NAMES[head.account], head.account),)
    written, raw = room.write(
        voice, to, head.moment, head.subject, paragraphs, reader=reader, previous=previous,
        attachments=attachments, enclosed=enclosed,
    )  # fmt: skip
    room.items.append(Item(head.account, False, raw, head.moment, "cast", "INBOX", flags=flags))
    return written


def _answer(
    room: Mailroom, reader: Voice, head: _Head, paragraphs: tuple[str, ...], *,
    previous: Written | None = None, attachments: tuple[Attachment, ...] = (),
) -> Written:  # fmt: skip
    """Post a message of ours to `reader`."""
    voice = room.own_voice(head.account, "it")
    written, raw = room.write(
        voice, (reader.mailbox,), head.moment, head.subject, paragraphs, reader=reader.first_name,
        previous=previous, attachments=attachments,
    )  # fmt: skip
    room.items.append(Item(head.account, True, raw, head.moment, "cast", flags=SEEN))
    return written


def _cast(room: Mailroom, key: str) -> Voice:
    return room.voice_of(room.parties[room.company.cast[key]])


def _file(room: Mailroom, key: str) -> Attachment:
    document = room.documents[room.company.cast[key]]
    return document_file(document, room.lines[document.reference], "it")


def _day(room: Mailroom, days: int) -> str:
    return f"{room.company.today + timedelta(days=days):%d/%m}"


def _bianchi(room: Mailroom) -> None:
    who = _cast(room, "bianchi")
    first = _say(
        room, who, _Head(SALES, _ago(room, days=2, minutes=70), "consegna ordine 123"),
        ("avete una data per l'ordine 123? Il cantiere è pronto e i montatori sono fermi fino all'arrivo del gruppo.",),
        ANSWERED, reader="Sara",
    )  # fmt: skip
    second = _answer(
        room, who, _Head(SALES, _ago(room, days=1, minutes=30), first.subject),
        (f"il gruppo è collaudato e parte oggi con il DDT 402. Consegna il {_day(room, 1)} verso le 10.",
         "L'autista chiama mezz'ora prima."), previous=first, attachments=(_file(room, "bianchi_goods"),),
    )  # fmt: skip
    _say(
        room, who, _Head(SALES, _ago(room, minutes=1), second.subject),
        ("perfetto, alle 10 va bene. Serve però la sponda idraulica: il muletto è in manutenzione.",
         "Potete confermarmi entro sera?"), UNREAD, reader="Sara", previous=second,
    )  # fmt: skip


def _ferri(room: Mailroom) -> None:
    who = _cast(room, "ferri")
    invoice = room.documents[room.company.cast["ferri_invoice"]]
    order = room.documents[room.company.cast["ferri_order"]]
    sent = _answer(
        room, who, _Head(OFFICE, room.company.now - timedelta(days=12, minutes=25), f"fattura {invoice.short}"),
        (f"in allegato la copia di cortesia della fattura {invoice.short} del {invoice.date:%d/%m}.",),
        attachments=(_file(room, "ferri_invoice"),),
    )  # fmt: skip
    stamp = local(sent.moment)
    forwarded = (
        "---------- Messaggio inoltrato ----------\n"
        f"Da: {sent.voice.mailbox.name} <{OFFICE}>\nData: {stamp:%d/%m/%Y %H:%M}\n"
        f"Oggetto: {sent.subject}\n\n{sent.text.rstrip()}"
    )
    photo = Attachment("ordine.png", "image/png", png(119))
    _say(
        room, who, _Head(SALES, _ago(room, minutes=10), f"Fwd: fattura {invoice.short}, importo diverso"),
        (f"la vostra fattura {invoice.short} del {invoice.date:%d/%m} riporta 1.240,00 €, ma l'ordine {order.code} era di 1.204,00 €. Potete controllare?",), UNREAD, enclosed=forwarded, attachments=(_file(room, "ferri_invoice"), photo),
    )  # fmt: skip


def _accountant(room: Mailroom) -> None:
    voice, clients = accountant_voice(room, ACCOUNTANTS[0][1])
    names = "\n".join(f"- {name}" for name in clients[:3])
    _say(
        room, voice, _Head(SALES, _ago(room, minutes=44), "Estratto conto clienti amministrati"),
        ("per la chiusura del mese ci serve l'estratto conto aggiornato di questi clienti:", names,
         "Va bene anche un unico PDF."), SEEN,
    )  # fmt: skip


def _comune(room: Mailroom) -> None:
    party = room.parties[room.company.cast["comune"]]
    order = room.documents[room.company.cast["comune_order"]]
    file = order_file("Ordine 77", room.lines[order.reference], room.company.today)
    letter = Certified(
        party.pec, party.name, f"Ordine di acquisto n. {order.their_reference}",
        f"Si trasmette in allegato l'ordine di acquisto n. {order.their_reference} per la palestra comunale.\n"
        "Si prega di dare conferma entro cinque giorni.\n\nUfficio Economato",
        _ago(room, minutes=62), (file,),
    )  # fmt: skip
    post_certified(room, SALES, letter, seen=False)


def _verdi(room: Mailroom) -> None:
    who = _cast(room, "verdi")
    invoice = room.documents[room.company.cast["verdi_invoice"]]
    first = _answer(
        room, who, _Head(SALES, _ago(room, days=2, minutes=15), f"Sollecito rata 2 fattura {invoice.short}"),
        (f"ci risulta ancora aperta la rata 2 della fattura {invoice.short}, 980,00 €. Potete verificare?",),
    )  # fmt: skip
    receipt = receipt_file("980,00", room.company.today - timedelta(days=2), "it")
    second = _say(
        room, who, _Head(SALES, _ago(room, days=1, minutes=5), "Sollecito rata 2: pagata ieri"),
        ("la rata 2 l'abbiamo pagata ieri, in allegato la contabile.", "Scusate il ritardo."), ANSWERED,
        reader="Sara", previous=first, attachments=(receipt,),
    )  # fmt: skip
    _answer(
        room, who, _Head(SALES, _ago(room, days=1) + timedelta(hours=2), second.subject),
        ("grazie Giorgio, appena vediamo l'accredito chiudiamo la partita.",), previous=second,
    )  # fmt: skip


def _costa(room: Mailroom) -> None:
    who = _cast(room, "costa")
    quote = room.documents[room.company.cast["costa_quote"]]
    first = _answer(
        room, who, _Head(SALES, _ago(room, days=2, minutes=200), f"Preventivo pompe ({quote.short})"),
        (f"in allegato il preventivo {quote.short} per il gruppo di pressurizzazione: 7.320,00 € IVA compresa.",
         "Il prezzo vale trenta giorni."), attachments=(_file(room, "costa_quote"),),
    )  # fmt: skip
    _say(
        room, who, _Head(SALES, _ago(room, days=1, minutes=90), "Preventivo pompe"),
        ("grazie. Il titolare vuole capire la differenza tra il gruppo con due e con tre pompe prima di decidere.",
         "Ne parliamo alla visita?"), STARRED, reader="Sara", previous=first,
    )  # fmt: skip


def _stranger(room: Mailroom) -> None:
    address = "info@impresamail.example"
    base = stranger_voice(room, "it")
    voice = Voice(Mailbox("", address), "it", base.signature, client_of(address), base.domain)
    _say(
        room, voice, _Head(SALES, _ago(room, days=4), "Richiesta listino"),
        ("siamo una piccola impresa di manutenzioni e vorremmo il vostro listino per rivenditori, pompe e circolatori.",),
        SEEN,
    )  # fmt: skip


def _inside(room: Mailroom) -> None:
    """Post what waits in the other two accounts."""
    sara = next(one for one in room.company.operators if one.login == "sara")
    voice = Voice(
        Mailbox(sara.name, sara.email), "it", (sara.name, "Ufficio vendite · Rossi Srl"),
        client_of(sara.email), room.company.domain,
    )  # fmt: skip
    _say(
        room, voice, _Head(PERSONAL, _ago(room, minutes=25), "Riunione vendite delle 15: ordine del giorno"),
        ("per oggi: scaduto Verdi, fattura Ferri con importo diverso, gara del Comune.",
         "Porto i preventivi aperti."), UNREAD, reader="Andrea",
    )  # fmt: skip
    verdi = _cast(room, "verdi")
    second = room.documents[room.company.cast["verdi_second"]]
    total = amount(second.total, "it")
    _say(
        room, verdi, _Head(OFFICE, _ago(room, minutes=35), f"FT {second.short}: pagamento in giornata"),
        (f"la fattura {second.short} di {total} scade oggi: il bonifico parte nel pomeriggio.",),
        UNREAD, reader="Giulia",
    )  # fmt: skip
