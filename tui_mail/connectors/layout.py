"""Which columns each table of the ERP's folder may have: the contract with whoever exports them."""

_DOCUMENT_COLUMNS = (
    "year series number version code date party_kind party contact total currency state"
    " their_reference our_reference title opportunity sdi_file sdi_id url"
)
# Keys first, then the rest: what each file may have. `year` and `number` may give way to `code`.
TABLES: dict[str, tuple[str, str]] = {
    "companies": ("code", "name vat domains addresses"),
    "operators": ("login", "name email active"),
    "parties": (
        "company kind code",
        "name vat tax_code pec language city country blocked customer_code",
    ),
    "contacts": ("company party_kind party number", "name role left_on"),
    "addresses": ("company party_kind party email", "contact purpose primary"),
    "opportunities": ("company code", "party_kind party title stage value currency"),
    "documents": (
        "company kind",
        _DOCUMENT_COLUMNS,
    ),
    "document_links": ("company from to", ""),
    "due_items": (
        "company invoice instalment",
        "party_kind party due_date amount open method level blocked disputed",
    ),
    "activities": (
        "company code",
        "kind party_kind party document opportunity due operator state title",
    ),
    "lines": (
        "company document line",
        "article description quantity unit price discount vat_rate",
    ),
}
