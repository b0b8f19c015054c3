"""Italian conversations about offers, quotes, orders, deliveries and jobs. Text only."""

from tui_mail.demo.scenes import Scene, them, us

_THANKS = them(
    (
        "Perfetto, grazie.",
        "Ottimo, grazie mille.",
        "Ricevuto, grazie.",
        "Va benissimo, grazie per la risposta veloce.",
    ),
    ("Restiamo in attesa.", "", "Ci sentiamo nei prossimi giorni.", ""),
)
_AGREED = us(
    ("D'accordo, procediamo così.", "Bene, resta confermato.", "Grazie a voi, registro tutto."),
    ("Per qualsiasi cosa mi trovate in ufficio.", "", "Vi avviso appena ho novità.", ""),
)

SALES = (
    Scene(
        "sales_order", "vendite", 14,
        ("Consegna {num}", "{num}: data di consegna", "Sollecito consegna {num}", "consegna {num}", "Stato {num}"),
        ("Tempi di consegna", "Quando arriva il materiale?", "Consegna materiale {city}", "Informazione consegna"),
        (
            them(
                ("vi scrivo per {doc}: avete già una data di consegna?",
                 "potete dirmi quando sarà pronto il materiale? Il riferimento è {doc}.",
                 "stiamo aspettando {doc} e in cantiere hanno bisogno della merce entro il {soon}. A che punto siete?",
                 "mi serve sapere se confermate la settimana prevista per {doc}."),
                ("In particolare ci interessa {article}, il resto può arrivare anche dopo.",
                 "Se serve possiamo ritirare noi con il nostro mezzo.", "",
                 "Lo scarico va fatto la mattina entro le 11, dopo non c'è nessuno."),
            ),
            us(
                ("ho verificato con il magazzino: {article} è pronto, il resto parte il {soon}.",
                 "la merce è in preparazione, la consegna a {city} è prevista per il {soon}.",
                 "confermo la spedizione per il {soon}. Vi mando il numero di collo appena il corriere ritira.",
                 "purtroppo il fornitore ci ha spostato {article} di {days} giorni: la nuova data è il {soon}."),
                ("Possiamo fare due consegne senza costi in più, fatemi sapere.", "",
                 "Il corriere chiama un'ora prima dello scarico."),
            ),
            them(
                ("Va bene per il {soon}, ma per favore non oltre.",
                 "Facciamo due consegne allora, prima {article}.",
                 "Ok. Avvisate il capocantiere, il numero è sulla conferma."),
                ("", "Segnate sul documento di trasporto il nostro riferimento {their}.", ""),
            ),
            _AGREED,
            them(
                ("Il corriere non si è visto, è cambiato qualcosa?",
                 "Confermo che è arrivato tutto, grazie.",
                 "Arrivato stamattina, manca solo {article}."),
            ),
            us(
                ("Mi informo subito e vi richiamo in mattinata.", "Grazie del riscontro, chiudo la pratica.",
                 "Ho parlato con il corriere: passa domani entro le 10."),
            ),
            _THANKS,
            us(("Confermato anche dal magazzino: consegna firmata.", "Vi allego il documento firmato alla consegna."),
               attachment="document"),
            _THANKS,
        ),
    ),
    Scene(
        "sales_order", "vendite", 10,
        ("Conferma d'ordine: {num}", "Conferma {num}", "{num} confermato", "Rossi Srl: {num}"),
        ("Conferma del vostro ordine", "Ordine confermato"),
        (
            us(
                ("in allegato trovate la conferma per {doc}, totale {amount} IVA compresa.",
                 "grazie per l'ordine. Vi confermiamo {doc}, importo {amount}, consegna prevista il {soon}.",
                 "abbiamo registrato {doc}. Trovate tutto nel PDF allegato."),
                ("Vi chiediamo di controllare quantità e indirizzo di consegna e di rispondere entro due giorni.",
                 "", "Dopo l'avvio della lavorazione non possiamo più cambiare le quantità."),
                attachment="document",
            ),
            them(
                ("Tutto corretto, potete procedere.",
                 "Controllato: per {article} le quantità devono essere {qty}, non di più.",
                 "L'indirizzo di consegna è cambiato, ora scarichiamo a {city}. Per il resto va bene.",
                 "Confermo. Mettete in bolla il nostro riferimento {their}."),
                ("", "Grazie.", ""),
            ),
            us(
                ("Corretto, vi rimando la conferma aggiornata.", "Grazie, ho aggiornato l'ordine.",
                 "Ho messo la nota per il magazzino."),
                attachment="document",
            ),
            _THANKS,
        ),
    ),
    Scene(
        "sales_order", "vendite", 9,
        ("Nuovo ordine {their}", "Ordine {their} del {date}", "Invio ns. ordine {their}", "{num} - ns. rif. {their}"),
        ("Nuovo ordine", "Ordine materiale {city}", "Ordine come da accordi"),
        (
            them(
                ("in allegato il nostro ordine {their}. Aspettiamo la vostra conferma.",
                 "come sentito al telefono vi passo l'ordine: {qty} pz di {article} e il resto come da allegato.",
                 "vi mando l'ordine {their} per {title}."),
                ("Pagamento e trasporto come al solito.", "La merce ci serve per il {soon}.", ""),
                attachment="order",
            ),
            us(
                ("ordine ricevuto, da noi è {doc}. In giornata arriva la conferma.",
                 "grazie! Ho inserito tutto: {doc}, {amount}. Consegna il {soon}.",
                 "abbiamo tutto a magazzino tranne {article}, che arriva tra {days} giorni. Aspettiamo o spezziamo?"),
            ),
            them(("Aspettate pure, meglio un trasporto solo.", "Bene così.", "Spezzate, il resto ci serve subito."),),
            _AGREED,
        ),
    ),
    Scene(
        "quote", "vendite", 14,
        ("{num}", "Rif. {num}", "{num} {title}", "{num}: chiarimenti", "Vs. {num}"),
        ("Richiesta preventivo {title}", "Preventivo {article}", "Richiesta prezzi", "Quotazione per {title}"),
        (
            them(
                ("avremmo bisogno di un preventivo per {title}: circa {qty} pz di {article} più gli accessori.",
                 "potete quotarci {article}? Ne servono {qty}, con consegna a {city}.",
                 "per {title} il cliente ci chiede un prezzo entro il {soon}. Vi mando l'elenco."),
                ("Indicate per favore anche i tempi.", "Serve anche l'avviamento.", ""),
                attachment="list",
            ),
            us(
                ("in allegato {doc}, totale {amount}. Vale 30 giorni.",
                 "vi ho preparato {doc}: {amount} IVA compresa, resa {city}.",
                 "ecco {doc}. Per {article} ho messo il modello nuovo, che costa uguale e consuma meno."),
                ("Consegna: {days} giorni dall'ordine.", "", "Se ordinate entro il {soon} teniamo il prezzo vecchio."),
                attachment="document",
            ),
            them(
                ("Ho visto {doc}: su {article} riuscite a fare qualcosa di meglio?",
                 "Grazie. Il prezzo è un po' alto rispetto a quello di maggio: si può arrivare a un 5% in meno?",
                 "Una domanda tecnica: {article} regge anche acqua a 60 gradi?",
                 "Il cliente ci sta pensando, vi diamo una risposta la settimana prossima."),
            ),
            us(
                ("Posso fare un ulteriore 3% se l'ordine arriva entro il {soon}.",
                 "Sì, fino a 90 gradi con la tenuta in dotazione. Allego la scheda.",
                 "Ho rivisto {doc}: in allegato la versione aggiornata."),
                attachment="document",
            ),
            them(
                ("Bene, accettiamo. Segue ordine ufficiale.", "Ok, procedete pure con l'ordine.",
                 "Per ora ci fermiamo qui, il cantiere è rinviato a primavera."),
            ),
            _AGREED,
        ),
    ),
    Scene(
        "offer", "vendite", 8,
        ("{num}", "Nostra {num} per {title}", "{num}: {title}", "Rossi Srl - {num}"),
        ("Offerta per {title}", "La nostra proposta", "Proposta tecnica e prezzo"),
        (
            us(
                ("come promesso durante l'incontro vi invio {doc} per {title}.",
                 "in allegato {doc}. Il totale è {amount}, posa esclusa.",
                 "trovate in allegato {doc} con le due soluzioni di cui avevamo parlato, con e senza inverter."),
                ("Restiamo a disposizione per un sopralluogo.", "", "Marco può passare a {city} quando volete."),
                attachment="document",
            ),
            them(
                ("Ricevuta, la guardiamo con il titolare e vi facciamo sapere.",
                 "Grazie. Ci servirebbe il dettaglio di {article} e la scheda tecnica.",
                 "Interessante, ma il termine di consegna è lungo per noi. Si può stare entro il {soon}?"),
            ),
            us(
                ("Vi allego la scheda. Sui tempi possiamo guadagnare una settimana.",
                 "Buongiorno, avete avuto modo di guardare {doc}?",
                 "Ho chiesto in produzione: {soon} è possibile, se confermate entro venerdì."),
                attachment="document",
            ),
            them(
                ("Andiamo avanti, preparate il preventivo definitivo.",
                 "Abbiamo scelto un altro fornitore, questa volta ci costava meno. Grazie comunque.",
                 "Ne riparliamo a gennaio, quando abbiamo il nuovo budget."),
            ),
        ),
    ),
    Scene(
        "delivery_note", "vendite", 10,
        ("{num}: materiale mancante", "{num} merce danneggiata", "Segnalazione {num}", "Reclamo {num}", "{num}"),
        ("Merce arrivata danneggiata", "Manca un collo", "Problema con la consegna di oggi"),
        (
            them(
                ("oggi abbiamo ricevuto {doc} ma mancano {qty} pz di {article}.",
                 "abbiamo scaricato {doc}: una scatola era aperta e {article} è ammaccato. Vi mando la foto.",
                 "abbiamo controllato {doc}: ci risultano due colli invece di tre."),
                ("Abbiamo firmato con riserva.", "", "Come facciamo? Domani montiamo.", "L'autista ha preso nota."),
                attachment="photo",
            ),
            us(
                ("ci dispiace. Rimandiamo il pezzo con il corriere di oggi, arriva il {soon}.",
                 "ho controllato in magazzino: il collo è rimasto qui. Parte stasera.",
                 "apriamo la pratica con il trasportatore, intanto spediamo subito la sostituzione."),
                ("Il pezzo danneggiato lo ritira lo stesso corriere.", "", "Non vi costa nulla."),
            ),
            _THANKS,
            us(("Spedito: in allegato il documento di trasporto.", "Il corriere ha ritirato alle 17."), attachment="document"),
            them(("Arrivato, tutto a posto.", "Ricevuto il pezzo, grazie della velocità."),),
        ),
    ),
    Scene(
        "delivery_note", "vendite", 5,
        ("Avviso di spedizione {num}", "{num} in consegna", "Spedizione {num}"),
        ("Merce in partenza", "Avviso di spedizione"),
        (
            us(
                ("la merce è partita oggi: {qty} colli, consegna il {soon}. Rif.: {doc}.",
                 "vi avviso che {doc} è in consegna. In allegato il documento."),
                ("Controllate i colli prima di firmare.", ""),
                attachment="document",
            ),
            _THANKS,
        ),
    ),
    Scene(
        "job", "demo", 8,
        ("{num}: avanzamento", "{num} {title}", "Cantiere {city} - {num}", "{num} foto sopralluogo"),
        ("Avanzamento lavori {city}", "Sopralluogo di ieri", "Cantiere {city}"),
        (
            them(
                ("vi mando le foto del locale per {doc}. Lo spazio per {article} è giusto giusto.",
                 "per {doc} siamo pronti con gli scavi, potete venire dal {soon}.",
                 "il direttore dei lavori chiede un aggiornamento per {doc}."),
                ("La corrente c'è, l'acqua la portano lunedì.", "", "Serve il vostro piano di sicurezza."),
                attachment="photo",
            ),
            us(
                ("grazie delle foto. Marco passa a {city} il {soon} per prendere le misure.",
                 "siamo al 60%: mancano {article} e il collaudo, previsto per il {soon}.",
                 "ricevuto. Mando la squadra il {soon}, due persone."),
            ),
            them(("Bene, vi aspettiamo.", "Il {soon} non va, si può il giorno dopo?", "Perfetto, avviso il custode."),),
            _AGREED,
            them(("Collaudo fatto, l'impianto gira. Complimenti alla squadra.", "Resta da sistemare il quadro, una mezza giornata."),
                 attachment="photo"),
        ),
    ),
    Scene(
        "opportunity", "demo", 7,
        ("{title}", "Richiesta informazioni {title}", "{title} a {city}"),
        ("Primo contatto", "Informazioni sui vostri prodotti", "Ci siamo visti in fiera"),
        (
            them(
                ("ci siamo conosciuti in fiera: stiamo valutando {title} e vorremmo capire se fa per voi.",
                 "un collega mi ha parlato di voi. Abbiamo in programma {title} a {city}.",
                 "cerchiamo un fornitore per {title}; i lavori partono in primavera."),
                ("Possiamo sentirci per telefono?", "Avete referenze di impianti simili?", ""),
            ),
            us(
                ("grazie di averci scritto. La richiamo domani mattina per capire meglio.",
                 "volentieri. Le propongo un sopralluogo il {soon}.",
                 "abbiamo seguito lavori simili in zona, le mando qualche esempio."),
                ("Intanto le allego la nostra presentazione.", ""),
                attachment="document",
            ),
            _THANKS,
            us(("È stato un piacere incontrarvi. Preparo l'offerta entro il {soon}.",
                "Come d'accordo, entro venerdì avrete i prezzi."),),
        ),
    ),
)  # fmt: skip
