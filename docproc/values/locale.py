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
#: (pattern on folded text, weight); dd/mm/yyyy is usual there
_DAY_FIRST = (
    (r"€|\beur\b|\beuros?\b", 2.0),
    (r"£|\bgbp\b|\bvat (?:reg|no|number|id)\b|\bunited kingdom\b|\b(?:plc|p\.l\.c)\b", 2.0),
    (r"\brm ?\d|\bmyr\b|\bsdn\.? ?bhd\b|\bgst (?:reg|id|summary|no)|\b(?:kuala lumpur|selangor|johor|malaysia)\b", 3.0),
    (r"₹|\binr\b|\bgstin\b|\brs\.? ?\d|\bpvt\.? ?ltd\b|\bindia\b", 2.0),
    (r"\babn\b|\bpty\.? ?ltd\b|\baustralia\b|\bnew zealand\b|\bsingapore\b|\bs\$", 2.0),
    (r"\bmwst\b|\bust\b|\brechnung|\bgmbh\b|\bsteuernummer\b|\bkg\b(?= )|\bchf\b", 2.0),
    (r"\btva\b|\bfacture\b|\bsiret\b|\bsarl\b|\bmontant\b", 2.0),
    (r"\biva\b|\bfactura\b|\bfattura\b|\bpartita iva\b|\bs\.?r\.?l\b|\bimporte\b", 2.0),
    (r"\bbtw\b|\bfactuur\b|\bkvk\b|\bbedrag\b", 2.0),
    (r"\biban\b|\bbic\b", 1.0),
)
#: mm/dd/yyyy is usual there
_MONTH_FIRST = (
    (r"\busa\b|\bu\.s\.a\.?|\bunited states\b", 2.0),
    (rf"[a-z][.,]? (?:{_STATES})[.,]? \d{{5}}(?:-\d{{4}})?\b", 3.0),
    (r"\bzip code\b|\bsales tax\b|\bein\b|\birs\b|\bfederal tax\b|\bus ?\$|\busd\b", 1.0),
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
