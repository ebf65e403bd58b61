"""Which order of numeric dates a document's words speak for: currencies, tax words, legal forms, addresses.

Knows no dates. Every clue counts once, however often it is printed, so that a long text does not outvote a clear one.
"""

import re
from collections.abc import Iterable

from docproc.values.text import fold

_STATES = (
    "al|ak|az|ar|ca|co|ct|dc|fl|ga|hi|ia|id|il|in|ks|ky|la|ma|md|me|mi|mn|mo|ms|mt|nc|nd|ne|nh|nj|nm|nv|ny|oh|ok|or"
    "|pa|ri|sc|sd|tn|tx|ut|va|vt|wa|wi|wv|wy"
)
#: (pattern on folded text, weight); dd/mm/yyyy is usual there. The document's own language, its money and its taxes
#: weigh much; legal forms and places little, because the other party of a document may have them
_DAY_FIRST = (
    (r"\b(?:mwst|ust|umsatzsteuer|steuernummer|betrag|datum)\b|\brechnung", 3.0),
    (r"\b(?:tva|facture|montant|siret)\b", 3.0),
    (r"\b(?:iva|factura|fattura|partita iva|importe|importo|fecha)\b", 3.0),
    (r"\b(?:btw|factuur|factuurdatum|kvk|bedrag)\b", 3.0),
    (r"€|\beur\b|\beuros?\b", 2.0),
    (r"£|\bgbp\b", 2.0),
    (r"\bvat\b", 2.0),
    (r"\brm ?\d|\bmyr\b|\(rm\)", 2.5),
    (r"\bgst (?:reg|id|summary|no)", 2.0),
    (r"₹|\binr\b|\bgstin\b|\brs\.? ?\d", 2.5),
    (r"\babn\b|\bs\$|\baud\b|\bnzd\b|\bsgd\b", 2.0),
    (r"\bchf\b", 2.0),
    (r"\biban\b|\bbic\b", 1.0),
    (r"\bsdn\.? ?bhd\b", 1.5),
    (r"\b(?:plc|p\.l\.c|pty\.? ?ltd|pvt\.? ?ltd|gmbh|kg|sarl|s\.?r\.?l|b\.v)\b", 1.0),
    (r"\b(?:jalan|jln|lorong|taman|bandar|persiaran)\b", 2.0),
    (r"\b(?:kuala lumpur|kl|selangor|johor|penang|pulau pinang|perak|melaka|sabah|sarawak|malaysia)\b", 1.0),
    (r"\b(?:united kingdom|india|australia|new zealand|singapore|deutschland|germany|france|espana|italia)\b", 1.0),
)
#: mm/dd/yyyy is usual there
_MONTH_FIRST = (
    (rf"[a-z][.,]? (?:{_STATES})[.,]? \d{{5}}(?:-\d{{4}})?\b", 2.5),
    (r"\bzip code\b|\bsales tax\b|\bein\b|\birs\b|\bfederal tax\b", 1.5),
    (r"\busa\b|\bu\.s\.a\.?|\bunited states\b", 1.0),
    (r"\bus ?\$|\busd\b", 1.0),
    (r"(?<![\w$])\$ ?\d", 1.0),
    (r"\bllc\b|\binc\b\.?", 0.5),
    (r"(?<!\d)(?:1-)?(?:\(\d{3}\) ?|\d{3}-)\d{3}-\d{4}(?!\d)", 1.0),
    (r"\b(?:january|february|march|april|june|july|august|september|october|november|december) \d{1,2}, ?\d{4}", 1.0),
)
_DAY_FIRST_CLUES = tuple((re.compile(pattern), weight) for pattern, weight in _DAY_FIRST)
_MONTH_FIRST_CLUES = tuple((re.compile(pattern), weight) for pattern, weight in _MONTH_FIRST)


def day_first_weights(texts: Iterable[str]) -> tuple[float, float]:
    """How much the words of a document speak for day before month, and how much for month before day."""
    folded = fold("\n".join(texts))
    return (
        sum(weight for pattern, weight in _DAY_FIRST_CLUES if pattern.search(folded)),
        sum(weight for pattern, weight in _MONTH_FIRST_CLUES if pattern.search(folded)),
    )
