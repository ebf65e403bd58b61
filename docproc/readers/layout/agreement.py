"""Names of the parties of an agreement, from its opening sentence, its addressee and its signatures."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from docproc.readers.layout.lexicon import LEGAL_FORMS, word_set
from docproc.readers.layout.lines import Sheet
from docproc.readers.layout.prose import Prose, TextHit
from docproc.readers.layout.wording import address_strength, has_legal_form
from docproc.values.text import key

#: characters after `between` in which the parties are named
NAMING: Final = 900
#: words of a name
NAME_WORDS: Final = range(1, 10)
#: an agreement has at least this many sides
SIDES: Final = 2
#: a word of at most this many letters is an initial
INITIALS: Final = 2
#: share of the words of a name that begin with a capital
CAPITALISED: Final = 0.6
#: rows between the name of a company and the `By:` of its signature
SIGNATURE_ROWS: Final = 3

_BETWEEN = re.compile(
    r"\b(?:by\s+and\s+(?:between|among)|entered\s+into\s+[^.]{0,60}?\bby(?!\s+and)|between|among|zwischen|entre|tra|tussen)\b"
    r"(?:\s+and\s+among)?\s*:?\s*",
    re.IGNORECASE,
)
#: where the sentence that names the parties ends: a heading, or a full stop that ends no abbreviation
_END = re.compile(
    r"WITNESS|RECITAL|Recital|W\s*I\s*T\s*N|WHEREAS|Whereas|BACKGROUND|Background|NOW,|Vorbemerkung|PRÉAMBULE"
    r"|(?<![A-Z])(?<!Inc)(?<!Corp)(?<!Ltd)(?<!Co)(?<!Mr)(?<!Ms)(?<!St)(?<!No)\.[\s”\")]+(?=[A-Z][a-z]+\s+[a-z]|[A-Z]\.\s+The\b)"
)
#: `(the "Company")`
_DEFINED = re.compile(
    r"\(\s*(?:(?:the|each|collectively|together|hereinafter|as|and|or|an?)\b[^()“\"]{0,60})?"
    r"[“\"'‘][^)]{0,200}\)"  # noqa: RUF001 quotes as printed
)
_BRACKETS = re.compile(r"\([^)]*\)")
#: what is said about a party behind its name
_TAIL = re.compile(
    r",?\s+(?:an?|with|having|whose|located|on\s+behalf|organi[sz]ed|which|who|acting|residing|its|as|by|together|"
    r"individually|effective|dated|relating|regarding|in\s+connection|concerning|for|at|of\s+\d|und|et|e|y)\s.*$"
    r"|,\s+the\b.*$|,\s+(?:[^\W\d][\w.'-]*\s+){0,3}\d.*$|[;:].*$",
    re.DOTALL,
)
_JOINT = re.compile(
    r"\s*(?:,|;)?\s+(?:and|&|und|et|y|e|en)\s+(?=[A-Z])|;\s*|\s*,\s+(?=[A-Z][\w.&]*(?:\s+[A-Z][\w.&]*)+,?\s+an?\s)"
)
_FORM = re.compile(r",?\s+(?:Inc|Ltd|LLC|L\.L\.C|L\.P|LP|Corp|Co|N\.V|S\.A|GmbH|AG)\b\.?")
_LEAD = re.compile(
    r"^(?:\W|(?:and|in\s+favou?r\s+of|on\s+the\s+(?:one|other)\s+hand|among|between|by|"
    r"the\s+undersigned|und|et|each\s+of|both)\b)+",
    re.IGNORECASE,
)
#: the words after a defined name that still speak of it
_DESCRIBES = re.compile(
    r"\W*(?:an?|with|having|whose|located|organi[sz]ed|on\s+the|in\s+favor|residing|which|of)\b", re.IGNORECASE
)
#: no party has these in its name, unless it ends like a company's
_CLAUSE_WORDS: Final = word_set("agreement merger effective recitals plan options schedule exhibit section")
_NOT_NAMES: Final = word_set(
    "agreement party parties company the this date effective recipient discloser employee employer executive director "
    "section state united states each purchaser seller confidentiality"
)
_SIGNED = re.compile(r"\s*By\s*[:/_]")


def find_parties(prose: Prose, sheets: Sequence[Sheet]) -> list[TextHit]:
    """The parties named in the opening; where it names none or one, those of address and signatures too."""
    hits = _distinct(_opening(prose))
    if len(hits) < SIDES:
        hits = _distinct([*hits, *_letter(prose, sheets)])
    return hits


def _opening(prose: Prose) -> Iterator[TextHit]:
    best: list[TextHit] = []
    for match in _BETWEEN.finditer(prose.opening):
        found = list(_named(prose.text, match.end()))
        if len(found) > 1:
            yield from found
            return
        if len(found) > len(best) and any(has_legal_form(hit.value) for hit in found):
            best = found
    yield from best


def _named(text: str, start: int) -> Iterator[TextHit]:
    """Names in the stretch after `between`, each cut before what is said about it."""
    stretch = text[start : start + NAMING]
    end = _END.search(stretch)
    stretch = stretch[: end.start()] if end else stretch
    position = 0
    defined = list(_DEFINED.finditer(stretch))
    closing = next((hit for hit in defined if re.match(r"\s*\.", stretch[hit.end() :])), None)
    defined = [hit for hit in defined if closing is None or hit.start() <= closing.start()]
    bounds = [(hit.start(), hit.end()) for hit in defined] or [(len(stretch), len(stretch))]
    for finish, following in bounds:
        chunk = stretch[position:finish]
        if position and not _LEAD.sub("", chunk)[:1].isupper() and not _DESCRIBES.match(chunk):
            return  # the sentence goes on about something else
        for begin, name in _chunk_names(chunk):
            at = start + position + begin
            yield TextHit(name, at, at + len(name), 2.0 if has_legal_form(name) else 0.8)
        position = following


def _chunk_names(chunk: str) -> Iterator[tuple[int, str]]:
    position = 0
    for part in _parts(chunk):
        at = chunk.find(part, position)
        position = at + len(part)
        lead = _LEAD.match(part)
        bare = part[lead.end() :] if lead else part
        name = _TAIL.sub("", _BRACKETS.sub("", bare)).strip(' ,;:."“”').removesuffix(", and")
        name = _legal_tail(name, bare)
        if _is_name(name):
            yield chunk.find(name.split()[0], max(at, 0)), name


def _parts(chunk: str) -> list[str]:
    """`A and B` are two names, unless only both together end like a company's: `Deposit and Trust Company`."""
    pieces: list[str] = []
    position = 0
    for hit in _JOINT.finditer(chunk):
        before = chunk[position : hit.start()]
        if has_legal_form(_TAIL.sub("", before)) or "," in before or len(_LEAD.sub("", before).split()) > 1:
            pieces.append(before)
            position = hit.end()
    pieces.append(chunk[position:])
    return pieces


def _legal_tail(name: str, bare: str) -> str:
    """The name with the legal form that stands behind a comma and the point behind that: `Acme, Inc.` is whole."""
    at = bare.find(name) if name else -1
    if at < 0:
        return name
    rest = bare[at + len(name) :]
    if key(name.rsplit(maxsplit=1)[-1]) in LEGAL_FORMS:
        return name + "." if rest.startswith(".") else name
    form = _FORM.match(rest)
    return name + form.group() if form else name


def _is_name(name: str) -> bool:
    words = name.split()
    if len(words) not in NAME_WORDS or not words[0][:1].isupper() or not any(len(word) > INITIALS for word in words):
        return False
    capital = sum(word[:1].isupper() or not word[:1].isalpha() for word in words)
    plain = {key(word) for word in words}
    if plain & _CLAUSE_WORDS and not has_legal_form(name):
        return False
    return (
        capital >= CAPITALISED * len(words) and not plain <= _NOT_NAMES and len(plain & _NOT_NAMES) * 2 < len(words) + 1
    )


def _letter(prose: Prose, sheets: Sequence[Sheet]) -> Iterator[TextHit]:
    """Companies of the address at the top of a letter, and above the `By:` of a signature."""
    for index, sheet in enumerate(sheets):
        rows = sheet.rows
        for row in rows:
            for cell in row.cells:
                below = [rows[i].text for i in range(row.index + 1, min(row.index + 1 + SIGNATURE_ROWS, len(rows)))]
                top = index == 0 and row.index < len(rows) / 2
                addressed = top and has_legal_form(cell.text) and any(address_strength(text) >= 1 for text in below)
                signed = has_legal_form(cell.text) and any(_SIGNED.match(text) for text in below)
                name = _TAIL.sub("", cell.text).strip(" ,;:")
                if (addressed or signed) and _is_name(name):
                    at = prose.text.find(cell.text)
                    yield TextHit(name, at, at + len(name), 1.0)


def _distinct(hits: Iterable[TextHit]) -> list[TextHit]:
    seen: dict[str, TextHit] = {}
    for hit in hits:
        seen.setdefault(key(hit.value), hit)
    return list(seen.values())
