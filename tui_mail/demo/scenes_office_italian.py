"""Italian conversations about invoices, payments, purchases and office matters. Text only."""

from tui_mail.demo.scenes import Scene, them, us

_THANKS_US = us(
    ("Grazie, a posto così.", "Perfetto, registrato.", "Grazie per la collaborazione."),
    ("Buon lavoro.", "", ""),
)

OFFICE = (
    Scene(
        "invoice", "amministrazione", 10,
        ("{num}, importo diverso", "{num}: differenza", "Contestazione {num}", "{num} non corretta"),
        ("Fattura con importo sbagliato", "Differenza in fattura"),
        (
            them(
                ("{Doc} riporta {amount}, ma a noi risulta un importo diverso da quello dell'ordine. Potete controllare?",
                 "controllando {doc} non trovo lo sconto concordato su {article}.",
                 "abbiamo registrato {doc} e c'è una differenza sul trasporto."),
                ("Fino a chiarimento teniamo fermo il pagamento.", "", "Vi allego il nostro ordine."),
                attachment="order",
            ),
            us(
                ("avete ragione, lo sconto non è stato applicato: emettiamo nota di credito per la differenza.",
                 "ho verificato: la differenza è il trasporto, che era franco magazzino. Vi rimando il dettaglio.",
                 "controllo con le vendite e vi rispondo entro domani."),
            ),
            them(("Grazie, allora aspetto la nota di credito.", "Va bene, ora torna.", "Ok, paghiamo alla scadenza."),),
            us(("In allegato la nota di credito.", "Vi ho appena mandato il documento corretto tramite SdI."), attachment="document"),
            them(("Ricevuta, grazie.", "Tutto a posto, grazie."),),
        ),
    ),
    Scene(
        "invoice", "amministrazione", 9,
        ("{num}", "Invio {num}", "{num} del {date}", "Rossi Srl: {num}", "Copia di cortesia {num}"),
        ("Fattura di cortesia", "Invio documento"),
        (
            us(
                ("in allegato la copia di cortesia per {doc}, totale {amount}, scadenza {due}.",
                 "vi inviamo {doc}. L'originale è stato trasmesso tramite il Sistema di Interscambio."),
                ("", "Vi ricordiamo che le coordinate bancarie non sono cambiate."),
                attachment="document",
            ),
            them(
                ("Ricevuta, grazie.", "Mancano i nostri riferimenti: serve {their} in fattura.",
                 "Potete mandare le prossime direttamente al nostro commercialista?"),
            ),
            _THANKS_US,
        ),
    ),
    Scene(
        "invoice", "amministrazione", 6,
        ("Richiesta copia {num}", "Copia {num}", "{num}: duplicato"),
        ("Richiesta copia fattura", "Ci manca una fattura"),
        (
            them(
                ("non troviamo {doc}: potete rimandarla in PDF?",
                 "per chiudere il mese ci manca {doc}, me la girate?"),
                ("Grazie mille.", ""),
            ),
            us(("eccola in allegato.", "certo, in allegato trovate {doc}.", "allegata. L'avevamo spedita il {date}."), attachment="document"),
            them(("Grazie, gentilissima.", "Ricevuta.", "Perfetto, grazie."),),
        ),
    ),
    Scene(
        "due_item", "amministrazione", 14,
        ("Sollecito {num}", "Sollecito rata {rate} {num}", "{num} scaduta il {due}", "Promemoria scadenza {num}", "Scadenza {due} - {num}"),
        ("Sollecito di pagamento", "Posizione aperta", "Estratto conto e scaduto"),
        (
            us(
                ("da un controllo ci risulta ancora aperta la rata {rate} per {doc}, {instalment}, scaduta il {due}.",
                 "vi ricordiamo che il {due} è scaduto il pagamento di {instalment} per {doc}.",
                 "al momento non vediamo l'incasso di {instalment} ({doc}, rata {rate}). Potete verificare?"),
                ("Se avete già pagato, considerate nulla questa comunicazione.",
                 "Vi chiediamo di mandarci la contabile appena possibile.", ""),
            ),
            them(
                ("abbiamo pagato ieri, allego la contabile.",
                 "il bonifico è stato disposto oggi con valuta domani.",
                 "ci scusiamo, la fattura si era persa nel passaggio. Paghiamo entro il {soon}.",
                 "siamo in attesa della nota di credito prima di pagare.",
                 "possiamo dividere in due? Metà adesso e metà a fine mese."),
                ("", "Grazie della pazienza.", ""),
                attachment="receipt",
            ),
            us(
                ("Grazie, appena vediamo l'accredito chiudiamo la partita.",
                 "D'accordo, aspettiamo fino al {soon}.",
                 "Verifico la nota di credito con le vendite e vi faccio sapere."),
            ),
            them(("Confermo, pagato questa mattina.", "Grazie a voi."), attachment="receipt"),
        ),
    ),
    Scene(
        "credit_note", "amministrazione", 9,
        ("{num}", "{num} a storno", "Invio {num}"),
        ("Nota di credito", "Storno fattura"),
        (
            them(("aspettiamo ancora la nota di credito per il reso di {article}.",
                  "a che punto è la nota di credito di cui avevamo parlato?"), ("", "Ci serve per chiudere il trimestre.")),
            us(("in allegato {doc}, {amount}. Potete scalarla dal prossimo pagamento.",
                "l'abbiamo emessa: {doc} per {amount}, la trovate allegata."), attachment="document"),
            them(("Ricevuta, la compensiamo.", "Grazie, registrata."),),
        ),
    ),
    Scene(
        "purchase_order", "demo", 12,
        ("{num}", "Ns. {num}", "Rossi Srl - {num}", "{num}: conferma e data", "Conferma {num}"),
        ("Ordine materiale", "Riordino", "Conferma del nostro ordine"),
        (
            us(
                ("in allegato {doc}. Aspettiamo conferma di prezzi e consegna.",
                 "vi inviamo {doc} per {qty} pz di {article} e il resto come da allegato."),
                ("Consegna richiesta: {soon}.", "", "Attenzione: il magazzino è chiuso il venerdì pomeriggio."),
                attachment="order",
            ),
            them(
                ("Ordine registrato, confermiamo la consegna per il {soon}.",
                 "grazie. {article} è in ritardo, arriva tra {days} giorni; il resto è disponibile.",
                 "vi confermiamo {doc}. Il prezzo di {article} è aumentato del 4% da questo mese.",
                 "ricevuto, in allegato la nostra conferma."),
                attachment="document",
            ),
            us(
                ("Va bene per la data.", "L'aumento non ci era stato comunicato: per questo ordine teniamo il prezzo vecchio, d'accordo?",
                 "Se {article} ritarda ancora dobbiamo cercarlo altrove: fatemi sapere."),
            ),
            them(("D'accordo, per questa volta prezzo vecchio.", "Confermato, parte il {soon}.", "Faccio il possibile e vi aggiorno."),),
            _THANKS_US,
        ),
    ),
    Scene(
        "goods_receipt", "demo", 6,
        ("Non conformità {num}", "{num}: quantità errata", "Vs. consegna, {num}"),
        ("Non conformità merce", "Pezzi difettosi"),
        (
            us(
                ("nella vostra consegna ({doc}) abbiamo trovato {qty} pz di {article} difettosi. Foto in allegato.",
                 "per {doc} le quantità non tornano: {article} è arrivato in meno."),
                ("Chiediamo sostituzione.", "Vi chiediamo come procedere per il reso."),
                attachment="photo",
            ),
            them(("ci scusiamo, passiamo a ritirarli il {soon} con la sostituzione.",
                  "mandateci per favore il numero di lotto, lo trovate sull'etichetta.",
                  "emettiamo nota di credito, i pezzi potete rottamarli."),),
            _THANKS_US,
        ),
    ),
    Scene(
        "purchase_invoice", "amministrazione", 10,
        ("Fattura {their}", "Ns. fattura {their}", "Invio fattura {their} del {date}"),
        ("Fattura di questo mese", "Invio documenti"),
        (
            them(
                ("in allegato la fattura {their}, {amount}. Scadenza {due}.",
                 "vi mandiamo la copia della nostra fattura {their} relativa alle ultime consegne.",
                 "non ci risulta ancora pagata la fattura {their}, scaduta il {due}."),
                ("", "Le coordinate bancarie sono quelle solite."),
                attachment="document",
            ),
            us(("ricevuta, la registriamo.", "il pagamento parte con la distinta del {soon}.",
                "in fattura manca il nostro numero d'ordine, potete integrarla?"),),
            them(("Grazie.", "La correggiamo subito.", "Va bene, grazie."),),
        ),
    ),
)  # fmt: skip
