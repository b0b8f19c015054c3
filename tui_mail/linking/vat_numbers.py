"""VAT numbers that people say are one, as most signatures of companies do."""

import re

from tui_mail.linking.invoice_keys import vat_key

MOST = 5
_MAY_BE = re.compile(r"[0-9][0-9]{7}")  # which most letters have not
_SAID = re.compile(
    r"(?<![^\W_])(?:p(?:artita|\.)?\s?i\.?v\.?a\.?|vat(?:\s?(?:no|nr|number|id|reg))?|ust-?id(?:-?nr)?|tva"
    r"|nif)(?:[\s.:#/=]|n[.°]|nr|c\.?f\.?|e ){0,6}(?P<vat>[A-Z]{0,2} ?[0-9]{8,12})(?![^\W_])",
    re.IGNORECASE,
)


def vats_said(text: str, signature: str, figures: str) -> tuple[str, ...]:
    """The numbers as they are compared, each once, in their order; `figures`: the text around its."""
    if not (_MAY_BE.search(figures) or _MAY_BE.search(signature)):
        return ()
    text = f"{text}\n{signature}"
    found = dict.fromkeys(vat_key(match["vat"]) for match in _SAID.finditer(text))
    found.pop("", None)
    return tuple(found)[:MOST]
