"""The vocabulary of `numbers`: which words announce which document, and what is no number at all.

Hides the word lists of Italian, English, German, French and Spanish behind compiled patterns, all
of bounded repetition, so that searching stays linear.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

_INVOICES = ("invoice", "purchase_invoice")
_ORDERS = ("sales_order", "purchase_order")
_OFFERS = ("offer", "quote")
_QUOTES = ("quote", "offer")
_DELIVERIES = ("delivery_note", "goods_receipt")

# Longer expressions stand before the words that they contain. Abbreviations that are words of
# some language ("so", "of", "ab") count in capitals only.
TYPES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "credit",
        ("credit_note",),
        (
            r"not[ae] (?:di|d')\s?(?:credito|accredito)|credit[ -]?(?:notes?|memos?)|gutschrift(?:en)?"
            r"|avoirs?|notas? de (?:cr[eé]dito|abono)|abonos?|n\.\s?c\.|(?-i:NDC|NC|GS)"
        ),
    ),
    (
        "confirmation",
        _ORDERS,
        (
            r"conferm[ae] (?:d'|di |dell')?\s?ordin[ei](?! (?:a )?(?:fornitor[ei]|cliente))|order confirmations?|auftragsbest[aä]tigung(?:en)?"
            r"|confirmations? de commande|confirmaci[oó]n de pedido|(?-i:AB|CO)"
        ),
    ),
    (
        "purchase",
        ("purchase_order",),
        (
            r"ordin[ei] (?:a )?(?:fornitor[ei]|d'acquisto|di acquisto)|purchase orders?"
            r"|(?-i:OF|ODA|P\.O\.|PO)"
        ),
    ),
    (
        "sale",
        ("sales_order",),
        r"ordin[ei] (?:cliente|di vendita)|impegn[oi](?: cliente)?|sales orders?|(?-i:OC|OV|SO)",
    ),
    (
        "offer",
        _OFFERS,
        r"offert[ae]|off\.|offers?|angebote?s?|offres?|ofertas?|proposals?|propost[ae]",
    ),
    (
        "quote",
        _QUOTES,
        (
            r"preventiv[oi]|prev\.|quotes?|quotations?|kostenvoranschl(?:ag|[aä]ge)|devis"
            r"|presupuestos?|cotizaci[oó]n|(?-i:PV)"
        ),
    ),
    (
        "order",
        _ORDERS,
        r"ordin[ei]|ord\.|orders?|bestellung(?:en)?|auftr(?:ag|[aä]ge)|commandes?|pedidos?",
    ),
    (
        "receipt",
        ("goods_receipt",),
        r"(?:boll[ae] di )?caric(?:o|hi)(?: merc[ei])?|goods receipts?|wareneing[aä]nge?",
    ),
    (
        "delivery",
        _DELIVERIES,
        (
            r"doc(?:\.|umento) di trasporto|boll[ae](?: di (?:consegna|accompagnamento))?|d\.d\.t\.|ddt"
            r"|delivery notes?|packing (?:slips?|lists?)|despatch notes?|lieferscheine?"
            r"|bons? de livraison|albar[aá](?:n|nes)|(?-i:BL|DN)"
        ),
    ),
    (
        "invoice",
        _INVOICES,
        (
            r"fattur[ae]|fatt\.?|f\.?tt?a\.?|ft\.?|invoices?|inv\.?|rechnung(?:en)?|factures?|fact\."
            r"|facturas?|(?-i:RG)"
        ),
    ),
    ("job", ("job",), r"commess[ae]|comm\.|job|projekte?|project"),
    ("opportunity", ("opportunity",), r"opportunit(?:à|a'|y|ies)|trattativ[ae]|(?-i:OPP)"),
)
KINDS = {name: kinds for name, kinds, _ in TYPES}

# After these in the singular a second number is a quantity or a day, hardly a second document.
_SINGULAR_WORDS = (
    "fattura ordine offerta preventivo bolla commessa invoice order offer quote quotation"
    " rechnung bestellung auftrag angebot lieferschein facture commande factura pedido oferta"
)
SINGULAR = frozenset(_SINGULAR_WORDS.split())

_OURS = r"ns|n/s|nostr[oaie]|our|unser(?:e[mnrs]?)?|notre|nos|nuestr[oa]s?"
_YOURS = r"vs|v/s|vostr[oaie]|your|ihr(?:e[mnrs]?)?|votre|vos|vuestr[oa]s?"
OWNER = rf"(?P<owner>{_OURS}|{_YOURS})"
_OUR_WORD = re.compile(rf"(?:{_OURS})\Z", re.IGNORECASE)

# For lower case alone: where case counts, an alternative is passed over by its first letter.
_IN_CAPITALS = re.compile(r"\(\?-i:([^)]*)\)")
_CAPITALS = frozenset(
    word.replace("\\", "").lower()
    for _name, _kinds, pattern in TYPES
    for words in _IN_CAPITALS.findall(pattern)
    for word in words.split("|")
)
_LOWERED = "|".join(
    f"(?P<{name}>{_IN_CAPITALS.sub(lambda found: f'(?:{found[1].lower()})', pattern)})"
    for name, _, pattern in TYPES
)
# The letters that those words and the owners' begin with, up to the first sign that is none: most
# texts have none of these words.
_FIRST = (
    "n ns nostro nostra nostri nostre our unser unsere unserem unseren unserer unseres notre nos"
    " nuestro nuestra nuestros nuestras v vs vostro vostra vostri vostre your ihr ihre ihrem ihren"
    " ihrer ihres votre vos vuestro vuestra vuestros vuestras"
    " nota note notas credit creditnote creditnotes creditmemo creditmemos gutschrift gutschriften"
    " avoir avoirs abono abonos ndc nc gs"
    " conferma conferme order orders auftragsbestatigung auftragsbestätigung auftragsbestatigungen"
    " auftragsbestätigungen confirmation confirmations confirmacion confirmación ab co"
    " ordine ordini purchase of oda p po impegno impegni sales oc ov so"
    " offerta offerte off offer offers angebot angebote angebots angebotes offre offres oferta"
    " ofertas proposal proposals proposta proposte"
    " preventivo preventivi prev quote quotes quotation quotations kostenvoranschlag"
    " kostenvoranschlage kostenvoranschläge devis presupuesto presupuestos cotizacion cotización pv"
    " ord bestellung bestellungen auftrag auftrage aufträge commande commandes pedido pedidos"
    " bolla bolle carico carichi goods wareneingang wareneingäng wareneingange wareneingänge"
    " doc documento d ddt delivery packing despatch lieferschein lieferscheine bon bons albaran"
    " albarán albaranes albaránes bl dn"
    " fattura fatture fatt f fta ftta ft invoice invoices inv rechnung rechnungen facture factures"
    " fact factura facturas rg"
    " commessa commesse comm job projekt projekte project"
    " opportunità opportunita opportunity opportunities trattativa trattative opp"
)
_FIRST_LETTERS = _FIRST.split()
_IN_LATIN_1 = frozenset(one.encode("latin-1") for one in _FIRST_LETTERS)
_APART = bytes(one if chr(one).isalpha() else ord(" ") for one in range(256))
# Other words are passed over by their first two letters, or the sign after the only one.
_BEGINNINGS = {
    "n/",
    "v/",
    "n.",
    "p.",
    "d.",
    "f.",
    *(one[:2] for one in _FIRST_LETTERS if len(one) > 1),
}
_BEGINS = "|".join(
    f"{first}[{''.join(re.escape(word[1]) for word in some)}]"
    for first, some in groupby(sorted(_BEGINNINGS), key=itemgetter(0))
)
_HEAD = re.compile(
    rf"(?<![^\W_])(?={_BEGINS})(?:{OWNER}[.\s]{{1,3}}(?:rif(?:erimento)?[.\s]{{1,3}})?)?"
    rf"(?:{_LOWERED})(?![^\W\d_])"
)
MARK = re.compile(
    rf"(?:[\s:\-_(]{{0,4}}{OWNER}\.?(?![^\W_]))?"
    r"(?:[\s:_(]{0,3}(?:numero|number|nummer|num[eé]ro|n[uú]mero|num|nos|nrs|nr|no|nn|n\.ro|n)"
    r"(?![^\W\d_º°]))?"
    r"[.:°º]{0,2}[\s:\#№_(]{0,4}(?:-(?=[^\W_]))?",
    re.IGNORECASE,
)
AND = re.compile(
    r"\s{0,2}(?:[,;&+]|(?:ed?|and|und|et|y)(?![^\W_]))\s{0,2}"
    r"(?:(?:e|ed|and|und|et|y)\s{1,2})?(?:(?:nr|no|n)[.°º]{0,2}\s{0,2})?",
    re.IGNORECASE,
)

_UNITS = (
    r"€|eur|euro|usd|dollar[si]|chf|gbp|%|pz|pezzi|pcs|pieces|st[uü]ck|stk|kg|g|t|q\.?li|colli"
    r"|pallets?|bancali|metri|mm|cm|ml|mq|mt|litri|giorni|gg|days?|tage|ore|hours?|minuti|mesi"
    r"|settimane|weeks?|anni|years?|righe|articoli|unit[aà]|units?|x"
)
DECOY = re.compile(
    r"(?:https?://|www\.)\S{1,500}"
    r"|[\w.+\-]{1,64}@[\w.\-]{1,200}"
    r"|(?<![^\W_])[A-Z]{2}[0-9]{2} ?[A-Z](?: ?[A-Z0-9]){10,30}(?![^\W_])"
    r"|(?:€|\$|£|(?<![^\W_])(?:eur|euro|usd|chf|importo|amount|totale|total))[.:\s]{0,3}"
    r"[0-9][0-9.,']{0,20}"
    rf"|(?<![\w.,/\-])[0-9](?:[0-9.,']{{0,20}}[0-9])?\s?(?:{_UNITS})(?![^\W_])"
    r"|(?<![\w/\-])[0-9]{1,3}(?:[.'][0-9]{3}){1,4}(?:,[0-9]{1,4})?(?![0-9])"
    r"|(?<![^\W_])(?:tel|telefono|cell|cellulare|fax|phone|mobile|mob|tel\.?/fax)[.:\s]{1,3}"
    r"\+?[0-9][0-9\s./\-]{4,18}[0-9]"
    r"|\+[0-9][0-9\s./\-]{5,18}[0-9]"
    r"|(?<![^\W_])(?:p\.?\s?iva|partita iva|vat|c\.?\s?f\.?|codice fiscale|cap|iban|c/c|ust-?id"
    r"|tracking|awb|spedizione|colli|protocollo|prot|ticket|pod)(?:[\s.:\#]|n\.|nr|no){1,4}"
    r"[A-Z]{0,2}\s?[0-9][A-Z0-9./\-]{1,33}(?:\s[A-Z0-9]{0,12}[0-9][A-Z0-9]{0,12}){0,7}",
    re.IGNORECASE,
)

# Whole codes: Odoo, ERPNext, Dolibarr, and whatever else is letters, a hyphen and digits. Most words
# are passed over at once, as no digit follows on their letters.
CODE = re.compile(
    r"(?<![\w/.\-])(?=[A-Za-z][A-Za-z/\-]{0,25}[0-9])(?:"
    r"(?P<prefix>"
    r"(?i:[A-Z]{2,6}(?=/(?:20)[0-9]{2}/(?:[0-9]{2}/)?[0-9]{1,7}(?![\w/]))"
    r"|[A-Z]{1,5}/(?:OUT|IN)(?=/[0-9]{1,7}(?![\w/]))"
    r"|[SP]O?(?=[0-9]{4,6}(?![\w/\-]))"
    r"|[A-Z]{2,3}(?=[0-9]{4}-[0-9]{4,6}(?![\w/\-]))"
    r"|[A-Z]{2,6}(?:-[A-Z]{1,8}){0,2}(?=-[0-9]{4}-[0-9]{1,8}(?![\w/\-])))"
    r"|[A-Z]{2,4}(?=[0-9]{4,6}(?![\w/\-]))"
    r"|[A-Z]{2,6}(?:-[A-Z]{1,8}){0,2}(?=-(?:[0-9]{2,4}-)?[0-9]{2,8}(?![\w/\-]))"
    r")(?:[/\-]?[0-9]{1,8}){1,3})"
)
# A digit that a code's letters end at: the digits of a text are found at once, its letters are many.
MAY_BE_CODE = re.compile(r"[0-9](?:(?<=[A-Za-z][0-9])|(?<=[A-Za-z][/\-][0-9]))")
CODE_KINDS = {
    "INV": ("invoice",),
    "RINV": ("credit_note",),
    "BILL": ("purchase_invoice",),
    "S": ("sales_order", "quote"),
    "SO": ("sales_order", "quote"),
    "P": ("purchase_order",),
    "PO": ("purchase_order",),
    "WH/OUT": ("delivery_note",),
    "WH/IN": ("goods_receipt",),
    "ACC-SINV": ("invoice", "credit_note"),
    "ACC-PINV": ("purchase_invoice",),
    "SAL-ORD": ("sales_order",),
    "SAL-QTN": ("quote",),
    "PUR-ORD": ("purchase_order",),
    "MAT-DN": ("delivery_note",),
    "MAT-PRE": ("goods_receipt",),
    "CRM-OPP": ("opportunity",),
    "PROJ": ("job",),
    "FA": ("invoice",),
    "AV": ("credit_note",),
    "CO": ("sales_order",),
    "CF": ("purchase_order",),
    "PR": ("quote",),
    "SH": ("delivery_note",),
    "FF": ("purchase_invoice",),
    "SI": ("purchase_invoice",),
}


def heads(text: str) -> Iterator[re.Match[str]]:
    """The words in `text` that announce a document, in lower case; `lastgroup` names what it is."""
    lower = text.lower()
    if _IN_LATIN_1.isdisjoint(lower.encode("latin-1", "replace").translate(_APART).split()):
        return
    if len(lower) != len(text):  # some letters become two
        lower = "".join(one.lower() if len(one.lower()) == 1 else one for one in text)
    for head in _HEAD.finditer(lower):
        start, end = head.span(head.lastgroup or 0)
        if lower[start:end] not in _CAPITALS or text[start:end].isupper():
            yield head


def whose(owner: str, *, ours: bool) -> str:
    """Who gave the number, by the word before it: "ours", "theirs", or "" when there is no word."""
    if not owner:
        return ""
    says_our = bool(_OUR_WORD.match(owner))
    return "ours" if says_our == ours else "theirs"
