"""Tables of names: people, companies, towns, articles. Data only, all of it invented."""

FIRST_NAMES = (
    "Alessandro", "Alessia", "Andrea", "Anna", "Antonella", "Barbara", "Carlo", "Chiara",
    "Claudio", "Cristina", "Daniele", "Davide", "Donatella", "Elena", "Elisa", "Emanuele",
    "Enrico", "Fabio", "Federica", "Filippo", "Francesca", "Francesco", "Gabriele", "Gianluca",
    "Giorgia", "Giovanni", "Ilaria", "Laura", "Lorenzo", "Luca", "Lucia", "Luigi", "Manuela",
    "Marco", "Maria", "Martina", "Massimo", "Matteo", "Michele", "Monica", "Nicola", "Niccolò",
    "Paola", "Paolo", "Pietro", "Riccardo", "Roberta", "Roberto", "Sabrina", "Silvia", "Simone",
    "Sofia", "Stefania", "Stefano", "Tommaso", "Valentina", "Veronica", "Vincenzo",
)  # fmt: skip

SURNAMES = (
    "Amati", "Angelini", "Baldi", "Barbieri", "Bassi", "Battaglia", "Bellini", "Benedetti",
    "Berardi", "Bernardi", "Bertolini", "Bianco", "Bonetti", "Brambilla", "Bruni", "Cantoni",
    "Capelli", "Caruso", "Casadei", "Castelli", "Cattaneo", "Cavalli", "Colombo", "Conti",
    "Corradi", "D'Angelo", "De Santis", "Donati", "Esposito", "Fabbri", "Farina", "Ferrari",
    "Fiore", "Fontana", "Forlì", "Franchi", "Galli", "Gatti", "Gentile", "Giordano", "Giuliani",
    "Grassi", "Greco", "Guidi", "Lombardi", "Longo", "Magnani", "Mancini", "Marchetti", "Mariani",
    "Marini", "Martelli", "Mazza", "Melis", "Merlo", "Montanari", "Morandi", "Moretti", "Morelli",
    "Negri", "Orlando", "Pagani", "Palumbo", "Parisi", "Pellegrini", "Piras", "Poletti",
    "Ricci", "Rinaldi", "Riva", "Rizzo", "Romagnoli", "Ruggeri", "Sala", "Sanna", "Santini",
    "Santoro", "Sartori", "Serra", "Silvestri", "Sorrentino", "Tassinari", "Testa", "Valli",
    "Venturi", "Villa", "Vitali", "Zanetti", "Zani", "Zoli",
)  # fmt: skip

FOREIGN_PEOPLE = {
    "DE": ("Hannah Becker", "Jonas Keller", "Katrin Vogel", "Stefan Brandt", "Jürgen Müller", "Petra Schulz"),
    "AT": ("Lukas Huber", "Eva Steiner", "Andreas Gruber", "Sabine Moser"),
    "FR": ("Claire Lefèvre", "Julien Moreau", "Hélène Girard", "Olivier Dupré"),
    "BE": ("Marc Fontaine", "Sophie Lambert", "Thomas Claes"),
    "GB": ("James Whitmore", "Sarah Cole", "Oliver Hughes", "Emily Barnes", "Tom Fletcher", "Rachel Dunn"),
    "NL": ("Daan de Vries", "Sanne Visser", "Niels Jansen", "Lotte Bakker"),
    "ES": ("Marta Núñez", "Javier Ortega", "Lucía Romero"),
    "PL": ("Piotr Nowak", "Agnieszka Wójcik", "Paweł Zieliński"),
    "SI": ("Ana Kovač", "Matej Zupan"),
    "HR": ("Luka Horvat", "Ivana Babić"),
    "SE": ("Søren Lindholm", "Ingrid Bergström", "Åsa Nilsson"),
}  # fmt: skip

FOREIGN_COMPANIES = (
    ("Becker Pumpentechnik GmbH", "Stuttgart", "DE"), ("Keller Anlagenbau GmbH", "Köln", "DE"),
    ("Brandt Wassertechnik GmbH", "Hamburg", "DE"), ("Vogel & Söhne KG", "Nürnberg", "DE"),
    ("Hydraulique Moreau SARL", "Lyon", "FR"), ("Pompes Lefèvre SAS", "Grenoble", "FR"),
    ("Girard Fluides SAS", "Nantes", "FR"), ("Whitmore Process Ltd", "Leeds", "GB"),
    ("Cole & Hughes Engineering Ltd", "Bristol", "GB"), ("Barnes Water Systems Ltd", "York", "GB"),
    ("De Vries Installatie BV", "Utrecht", "NL"), ("Visser Pompen BV", "Rotterdam", "NL"),
    ("Huber Haustechnik GmbH", "Innsbruck", "AT"), ("Steiner Industrie GmbH", "Graz", "AT"),
    ("Fluidos Ortega SL", "Valencia", "ES"), ("Bombas Núñez SA", "Zaragoza", "ES"),
    ("Nowak Instalacje Sp. z o.o.", "Poznań", "PL"), ("Kovač Inženiring d.o.o.", "Ljubljana", "SI"),
    ("Horvat Strojevi d.o.o.", "Zagreb", "HR"), ("Lindholm Pumpar AB", "Malmö", "SE"),
    ("Fletcher Marine Ltd", "Southampton", "GB"), ("Jansen Techniek BV", "Eindhoven", "NL"),
    ("Schulz Maschinenbau GmbH", "Bremen", "DE"), ("Fontaine Procédés SA", "Namur", "BE"),
)  # fmt: skip

TRADES = (
    "Impianti", "Termoidraulica", "Costruzioni", "Meccanica", "Irrigazione", "Arredo Bagno",
    "Manutenzioni", "Edilizia", "Climatizzazione", "Carpenteria", "Acque", "Industrie",
    "Ricambi", "Forniture", "Piscine", "Agricola", "Tecnologie", "Automazione", "Antincendio",
    "Energia",
)  # fmt: skip

FAMILY_FORMS = (
    "F.lli {0}",
    "Officine {0}",
    "Cantieri {0}",
    "{0} & Figli",
    "Gruppo {0}",
    "Ditta {0}",
)
LEGAL_FORMS = ("Srl", "Srl", "Srl", "Spa", "Snc", "Sas")

PUBLIC_BODIES = (
    ("Comune di Rimini", "Rimini"), ("Comune di Cesena", "Cesena"),
    ("Consorzio di Bonifica del Lamone", "Ravenna"), ("Azienda Casa Romagna", "Forlì"),
    ("Istituto Comprensivo Fellini", "Rimini"),
)  # fmt: skip

CITIES = (
    "Rimini", "Riccione", "Cesena", "Forlì", "Ravenna", "Faenza", "Imola", "Bologna", "Modena",
    "Reggio Emilia", "Parma", "Piacenza", "Ferrara", "Pesaro", "Fano", "Ancona", "Urbino",
    "Jesi", "Perugia", "Arezzo", "Firenze", "Prato", "Pisa", "Verona", "Padova", "Treviso",
    "Vicenza", "Udine", "Milano", "Monza", "Bergamo", "Brescia", "Torino", "Cuneo", "Genova",
    "La Spezia", "Roma", "Latina", "Napoli", "Salerno", "Bari", "Lecce", "Catania", "Cagliari",
    "Forlimpopoli", "Santarcangelo di Romagna", "Cattolica", "Lugo",
)  # fmt: skip

SUPPLIER_WORDS = (
    "Pompe", "Valvole", "Raccordi", "Tubi", "Motori", "Guarnizioni", "Trasporti", "Imballaggi",
    "Utensili", "Quadri Elettrici", "Fonderie", "Logistica", "Acciai", "Plastiche", "Vernici",
)  # fmt: skip

CONTACT_ROLES = (
    ("ufficio acquisti", "orders"), ("amministrazione", "invoices"), ("magazzino", "delivery_notes"),
    ("titolare", "offers"), ("ufficio tecnico", "offers"), ("direzione", "reminders"),
)  # fmt: skip
SUPPLIER_ROLES = (
    ("ufficio vendite", "orders"), ("amministrazione", "invoices"), ("spedizioni", "delivery_notes"),
)  # fmt: skip
FOREIGN_ROLES = (("purchasing", "orders"), ("accounts", "invoices"), ("engineering", "offers"))

# code, description, English description, unit, net price
ARTICLES = (
    ("PC-100", "Pompa centrifuga PC-100 0,75 kW", "Centrifugal pump PC-100 0.75 kW", "pz", "284.00"),
    ("PC-150", "Pompa centrifuga PC-150 1,5 kW", "Centrifugal pump PC-150 1.5 kW", "pz", "412.00"),
    ("PC-300", "Pompa centrifuga PC-300 3 kW", "Centrifugal pump PC-300 3 kW", "pz", "698.00"),
    ("PS-040", "Pompa sommersa PS-40", "Submersible pump PS-40", "pz", "356.00"),
    ("PS-080", "Pompa sommersa PS-80 con galleggiante", "Submersible pump PS-80", "pz", "521.00"),
    ("CR-025", "Circolatore CR-25 elettronico", "Circulator CR-25, electronic", "pz", "189.00"),
    ("CR-032", "Circolatore CR-32 elettronico", "Circulator CR-32, electronic", "pz", "236.00"),
    ("GP-002", "Gruppo di pressurizzazione 2 pompe", "Booster set, 2 pumps", "pz", "2140.00"),
    ("GP-003", "Gruppo di pressurizzazione 3 pompe", "Booster set, 3 pumps", "pz", "3280.00"),
    ("AU-050", "Autoclave 50 l a membrana", "Pressure vessel 50 l", "pz", "98.00"),
    ("AU-200", "Autoclave 200 l zincata", "Pressure vessel 200 l", "pz", "312.00"),
    ("VS-015", 'Valvola a sfera 1/2"', 'Ball valve 1/2"', "pz", "6.40"),
    ("VS-025", 'Valvola a sfera 1"', 'Ball valve 1"', "pz", "11.20"),
    ("VS-050", 'Valvola a sfera 2"', 'Ball valve 2"', "pz", "34.50"),
    ("VF-080", "Valvola a farfalla DN 80", "Butterfly valve DN 80", "pz", "72.00"),
    ("VF-100", "Valvola a farfalla DN 100", "Butterfly valve DN 100", "pz", "88.00"),
    ("VR-040", "Valvola di ritegno DN 40", "Check valve DN 40", "pz", "29.80"),
    ("VM-020", "Valvola miscelatrice termostatica", "Thermostatic mixing valve", "pz", "64.00"),
    ("RD-025", "Riduttore di pressione 1 pollice", "Pressure reducer 1 inch", "pz", "47.00"),
    ("FL-025", "Filtro autopulente 1 pollice", "Self-cleaning filter 1 inch", "pz", "83.00"),
    ("TB-020", "Tubo multistrato 20x2, rotolo 100 m", "Multilayer pipe 20x2, 100 m", "rt", "96.00"),
    ("TB-026", "Tubo multistrato 26x3, rotolo 50 m", "Multilayer pipe 26x3, 50 m", "rt", "88.00"),
    ("TP-063", "Tubo PE100 DN 63 PN16, rotolo 100 m", "PE100 pipe DN 63, 100 m", "rt", "318.00"),
    ("RC-020", "Raccordo a pressare 20 mm", "Press fitting 20 mm", "pz", "3.10"),
    ("RC-026", "Raccordo a pressare 26 mm", "Press fitting 26 mm", "pz", "4.60"),
    ("FG-080", "Flangia DN 80 PN16 zincata", "Flange DN 80 PN16, galvanised", "pz", "18.90"),
    ("GT-001", "Giunto antivibrante DN 65", "Anti-vibration joint DN 65", "pz", "41.00"),
    ("KT-TEN", "Kit tenuta meccanica PC", "Mechanical seal kit PC", "kit", "38.00"),
    ("KT-GIR", "Girante di ricambio PC-150", "Spare impeller PC-150", "pz", "57.00"),
    ("MT-015", "Motore elettrico 1,5 kW B5", "Electric motor 1.5 kW B5", "pz", "174.00"),
    ("MT-030", "Motore elettrico 3 kW B5", "Electric motor 3 kW B5", "pz", "243.00"),
    ("QE-002", "Quadro elettrico 2 pompe con inverter", "Control panel, 2 pumps", "pz", "890.00"),
    ("IN-015", "Inverter 1,5 kW IP65", "Inverter 1.5 kW IP65", "pz", "365.00"),
    ("SE-PRS", "Sensore di pressione 0-10 bar", "Pressure sensor 0-10 bar", "pz", "59.00"),
    ("GA-001", "Galleggiante elettrico 5 m", "Float switch 5 m", "pz", "16.50"),
    ("MN-100", "Manometro 0-16 bar glicerina", "Pressure gauge 0-16 bar", "pz", "12.80"),
    ("AD-ACQ", "Addolcitore 15 l", "Water softener 15 l", "pz", "640.00"),
    ("CT-032", "Contatore acqua DN 32 a impulsi", "Water meter DN 32, pulse", "pz", "118.00"),
    ("SV-MAN", "Manutenzione programmata, giornata", "Scheduled maintenance, one day", "gg", "480.00"),
    ("SV-AVV", "Avviamento e collaudo", "Start-up and testing", "nr", "350.00"),
)  # fmt: skip

PROJECTS = (
    "rifacimento centrale termica", "impianto di irrigazione", "gruppo antincendio capannone",
    "stazione di sollevamento", "piscina comunale", "centrale idrica condominio",
    "linea acqua di processo", "ammodernamento pozzo", "impianto di osmosi", "nuovo stabilimento",
    "quadri e telecontrollo", "sostituzione circolatori",
)  # fmt: skip
FOREIGN_PROJECTS = (
    "booster station upgrade", "cooling water line", "new pump house", "hotel renovation",
    "irrigation scheme", "fire-fighting set",
)  # fmt: skip
