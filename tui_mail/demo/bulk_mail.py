"""The rest of a company's mail: newsletters, strangers, spam, accountants, colleagues, drafts.

Text tables and the few lines that post them; nothing here is about one document of the ERP.
"""

import html
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from tui_mail.demo.clients import Voice, client_of, local
from tui_mail.demo.conversations import later
from tui_mail.demo.envelope import Coding, Letter, Mailbox, write_letter
from tui_mail.demo.mailroom import ACCOUNT_NAMES, OFFICE, PERSONAL, SALES, Item, Mailroom, trace
from tui_mail.demo.names import ARTICLES, CITIES, FIRST_NAMES, SURNAMES
from tui_mail.demo.parties import mailbox_name

NEWSLETTERS = (
    ("Idraulica Oggi", "newsletter@idraulica-oggi.example", "it", (
        "Le novità della settimana: pompe di calore e bonus", "Speciale inverter: cosa cambia",
        "Norme: la nuova guida per le reti antincendio", "Fiere d'autunno, il calendario")),
    ("Ferramenta Adriatica", "offerte@ferramenta-adriatica.example", "it", (
        "Solo questa settimana: utensili -20%", "Nuovo catalogo raccordi", "Spedizione gratuita fino a venerdì")),
    ("Camera di Commercio", "informa@camera-romagna.example", "it", (
        "Bandi aperti per le imprese", "Webinar: fatturazione e archiviazione", "Contributi per la transizione digitale")),
    ("Pump World Weekly", "news@pump-world.example", "en", (
        "Five things to know about seals", "Energy rules for circulators", "Trade fair special: what we saw")),
    ("Banca della Riviera", "comunicazioni@banca-riviera.example", "it", (
        "Il punto sui tassi", "Novità per il tuo conto impresa", "Attenzione alle truffe via mail")),
)  # fmt: skip
TEASERS = {
    "it": ("Risparmiare energia con un circolatore moderno conviene già dal primo anno: ecco i conti.",
           "Abbiamo provato tre gruppi di pressurizzazione per condomini fino a venti appartamenti.",
           "Che cosa cambia da gennaio per chi installa e per chi produce.",
           "Il caso: una piscina comunale dimezza i consumi con un inverter.",
           "Iscrizioni aperte fino al venti del mese, posti limitati."),
    "en": ("Replacing an old circulator pays for itself within the first year: the figures.",
           "We tested three booster sets for buildings of up to twenty flats.",
           "What changes in January for installers and makers.",
           "Case study: a public pool halves its consumption."),
}  # fmt: skip
STRANGERS = (
    ("Richiesta listino", "vorremmo ricevere il vostro listino prezzi e le condizioni per rivenditori."),
    ("Richiesta listino prezzi pompe", "siamo installatori a {city} e cerchiamo un fornitore di pompe. Potete mandarci il listino?"),
    ("Informazioni {article}", "ho visto sul vostro sito {article}. È disponibile? Quanto costa?"),
    ("Richiesta catalogo", "potete spedirci il catalogo aggiornato? Siamo una ditta di {city}."),
    ("Preventivo per privato", "ho una casa a {city} con poca pressione in casa. Che cosa mi consigliate?"),
    ("Collaborazione", "rappresento alcune aziende del settore in zona {city} e vorrei proporvi una collaborazione."),
    ("Candidatura magazziniere", "ho letto che cercate personale. Allego una breve presentazione e resto a disposizione."),
    ("Price list request", "we are a reseller based in {city} and would like to receive your price list."),
    ("Dealer conditions", "could you tell us your conditions for dealers? We are interested in {article}."),
)  # fmt: skip
STRANGER_ANSWERS = {
    "it": "grazie dell'interesse. In allegato trova le informazioni; per il listino mi serve la partita IVA della vostra ditta.",
    "en": "thank you for your interest. For the price list we need your VAT number and the area you cover.",
}
SPAM = (
    ("Ultimo avviso: casella piena", "La sua casella ha raggiunto il limite. Verifichi ora i suoi dati per non perdere i messaggi."),
    ("Il tuo pacco è in attesa", "Il pacco non è stato consegnato. Paga 1,99 per la nuova consegna."),
    ("Cheap toner, 80% off", "Original quality cartridges at factory prices. Order today."),
    ("Prestito immediato alle imprese", "Liquidità in 24 ore senza garanzie. Risponda con i suoi dati."),
    ("SEO proposal for your website", "I looked at your website and found several errors. May I send a quote?"),
    ("Invoice overdue!!!", "Your invoice is overdue, open the link to avoid legal action."),
)  # fmt: skip
COLLEAGUES = (
    ("Riunione vendite", "ti ricordo la riunione di lunedì: porta i numeri del trimestre."),
    ("Piano ferie", "per favore inserite le ferie entro venerdì, così organizziamo i turni."),
    ("Inventario", "il magazzino resta chiuso giovedì pomeriggio per l'inventario."),
    ("Nuovo listino fornitori", "ho caricato i prezzi nuovi nel gestionale, controllate i vostri preventivi aperti."),
    ("Chiamata persa", "ha chiamato un cliente per te mentre eri fuori, gli ho detto che lo richiami."),
    ("Auto aziendale", "l'auto è dal meccanico fino a mercoledì, per i sopralluoghi usate il furgone."),
)  # fmt: skip
DRAFTS = (
    (
        SALES,
        "Offerta pompe 2027",
        "vi propongo anche per il prossimo anno le condizioni di quest'anno",
    ),
    (SALES, "Visita della prossima settimana", "passerei da voi mercoledì, verso le 10. Va bene?"),
    (OFFICE, "Piano di rientro", "come d'accordo vi propongo tre rate a partire da"),
    (PERSONAL, "Appunti fiera", "contatti da richiamare:"),
)


def post_bulk(room: Mailroom) -> None:
    """Post a year of everything that is no conversation about a document."""
    kinds: tuple[tuple[Callable[[Mailroom, datetime], None], int], ...] = (
        (_newsletter, 170), (_stranger, 75), (_spam, 60), (_colleague, 55), (_accountant, 40),
    )  # fmt: skip
    for post, count in kinds:
        for _ in range(count):
            days = room.source.randrange(1, 358)
            day = room.company.today - timedelta(days=days)
            start = datetime.combine(day, time(5), UTC)
            post(room, start + timedelta(minutes=room.source.randrange(12 * 60)))
    for place, (account, subject, text) in enumerate(DRAFTS):
        _draft(room, (account, subject, text), room.company.now - timedelta(days=place, hours=3))


def _newsletter(room: Mailroom, moment: datetime) -> None:
    source = room.source
    name, address, language, subjects = source.choice(NEWSLETTERS)
    domain = address.partition("@")[2]
    account = source.choice((PERSONAL, PERSONAL, SALES, OFFICE))
    subject = source.choice(subjects)
    teasers = source.sample(TEASERS[language], 3)
    more = "Leggi tutto" if language == "it" else "Read more"
    cells = "".join(
        f'<tr><td width="120"><img src="https://{domain}/img/{place}.png" width="100" height="80" alt=""></td>'
        f'<td style="padding:12px"><font face="Arial" size="2">{html.escape(teaser)}'
        f' <a href="https://{domain}/n/{source.randrange(9999)}">{more}</a></font></td></tr>\n'
        for place, teaser in enumerate(teasers)
    )
    leave = f"https://{domain}/u/{source.getrandbits(32):x}"
    markup = (
        f'<html><head><title>{html.escape(name)}</title></head>\n<body bgcolor="#eeeeee">\n'
        f'<div style="display:none">{html.escape(teasers[0])}</div>\n'
        '<table width="600" align="center" cellpadding="0" cellspacing="0" bgcolor="#ffffff">\n'
        f'<tr><td colspan="2"><h1>{html.escape(name)}</h1><h2>{html.escape(subject)}</h2></td></tr>\n'
        f'{cells}<tr><td colspan="2" align="center"><small><a href="{leave}">'
        f"{'Cancella iscrizione' if language == 'it' else 'Unsubscribe'}</a></small>"
        f'<img src="https://{domain}/o.gif" width="1" height="1" alt=""></td></tr>\n</table>\n</body></html>\n'
    )
    text = "\n\n".join((name, subject, *teasers, leave)) + "\n"
    headers = (
        ("List-Unsubscribe", f"<{leave}>"),
        ("List-Id", f"<news.{domain}>"),
        ("Precedence", "bulk"),
    )
    letter = Letter(
        Mailbox(name, address), (Mailbox("", account),), subject, local(moment),
        room.new_id(domain, moment), text, markup, headers=headers,
        trace=trace(address, domain, moment), coding=Coding(transfer="base64"),
    )  # fmt: skip
    folder = source.choices(("", "Trash", "Archive"), (5, 3, 2))[0]
    room.items.append(Item(account, False, write_letter(letter), moment, "news", folder))


def stranger_voice(room: Mailroom, language: str) -> Voice:
    """Return somebody whom the ERP does not know."""
    source = room.source
    name = f"{source.choice(FIRST_NAMES)} {source.choice(SURNAMES)}"
    domain = source.choice(("postafacile.example", "mailbox.test", "impresamail.example"))
    address = f"{mailbox_name(name, 0)}{source.randrange(99)}@{domain}"
    return Voice(Mailbox(name, address), language, (name,), client_of(address), domain)


def _stranger(room: Mailroom, moment: datetime) -> None:
    source = room.source
    subject, text = source.choice(STRANGERS)
    language = "en" if subject.startswith(("Price", "Dealer")) else "it"
    article = source.choice(ARTICLES)
    slots = {"city": source.choice(CITIES), "article": article[1 if language == "it" else 2]}
    voice = stranger_voice(room, language)
    written, raw = room.write(
        voice, (Mailbox("", SALES),), moment, subject.format_map(slots), (text.format_map(slots),)
    )
    item = Item(SALES, False, raw, moment, "stranger")
    room.items.append(item)
    answer_at = later(source, moment)
    if source.random() < 0.5 and answer_at < room.company.now - timedelta(hours=2):
        own = room.own_voice(SALES, language)
        _, raw = room.write(
            own, (voice.mailbox,), answer_at, written.subject, (STRANGER_ANSWERS[language],),
            reader=voice.first_name, previous=written,
        )  # fmt: skip
        item.answered = True
        room.items.append(Item(SALES, True, raw, answer_at, "stranger"))


def _spam(room: Mailroom, moment: datetime) -> None:
    source = room.source
    subject, text = source.choice(SPAM)
    domain = f"{source.choice(('promo', 'secure', 'mail', 'info'))}{source.randrange(99)}.invalid"
    account = source.choice((SALES, OFFICE, PERSONAL))
    letter = Letter(
        Mailbox("Servizio Clienti", f"noreply@{domain}"), (Mailbox("", account),), subject,
        local(moment), room.new_id(domain, moment), f"{text}\n",
        headers=(("X-Spam-Flag", "YES"),),
    )  # fmt: skip
    room.items.append(
        Item(account, False, write_letter(letter), moment, "spam", "Junk", flags=frozenset())
    )


def _colleague(room: Mailroom, moment: datetime) -> None:
    source = room.source
    subject, text = source.choice(COLLEAGUES)
    who = source.choice(
        [one for one in room.company.operators if one.login != "demo" and one.active]
    )
    lines = (who.name, f"{who.role.capitalize()} · Rossi Srl")
    voice = Voice(
        Mailbox(who.name, who.email), "it", lines, client_of(who.email), room.company.domain
    )
    to = (Mailbox(ACCOUNT_NAMES[PERSONAL], PERSONAL),)
    _, raw = room.write(voice, to, moment, subject, (text,), reader="Andrea")
    room.items.append(Item(PERSONAL, False, raw, moment, "colleague"))


def accountant_voice(room: Mailroom, email: str) -> tuple[Voice, list[str]]:
    """Return an accountant, and the names of the customers whose books it keeps."""
    company = room.company
    kept = [contact for contact in company.contacts if contact.email == email]
    clients = [room.parties[f"customer:{contact.party}"].name for contact in kept]
    studio = "Studio " + email.partition("@")[2].partition(".")[0].removeprefix("studio-").title()
    person = kept[0].name
    lines = (person, studio, "Dottori commercialisti")
    domain = email.partition("@")[2]
    return Voice(Mailbox(studio, email), "it", lines, client_of(email), domain), clients


def _accountant(room: Mailroom, moment: datetime) -> None:
    source = room.source
    emails = sorted({one.email for one in room.company.contacts if one.role == "commercialista"})
    voice, clients = accountant_voice(room, source.choice(emails))
    chosen = source.sample(clients, source.randint(1, min(3, len(clients))))
    subject = source.choice(
        (
            "Estratto conto clienti amministrati",
            "Richiesta copie fatture",
            "Situazione partite aperte",
            "Chiusura trimestre",
        )
    )
    texts = (
        f"per la chiusura del periodo ci servirebbe la situazione di: {', '.join(chosen)}.",
        f"non troviamo alcune fatture intestate a {chosen[0]}: potete mandarci le copie in PDF?",
        f"vi chiediamo l'estratto conto aggiornato di {' e '.join(chosen)}.",
    )
    to = (Mailbox(ACCOUNT_NAMES[OFFICE], OFFICE),)
    _, raw = room.write(voice, to, moment, subject, (source.choice(texts),), reader="Giulia")
    room.items.append(Item(OFFICE, False, raw, moment, "accountant"))


def _draft(room: Mailroom, what: tuple[str, str, str], moment: datetime) -> None:
    account, subject, text = what
    party = room.source.choice(room.company.parties)
    voice, reader = room.own_voice(account, "it"), room.voice_of(party)
    _, raw = room.write(
        voice, (reader.mailbox,), moment, subject, (text,), reader=reader.first_name
    )
    flags = frozenset({"\\Draft", "\\Seen"})
    room.items.append(Item(account, True, raw, moment, "draft", "Drafts", flags=flags))
