"""Turns printed labels and names into terms and says how well a label fits a field; knows no geometry."""

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

from rapidfuzz import fuzz, process

from docproc.readers.layout.concepts import CONCEPTS
from docproc.readers.layout.phrases import PHRASES
from docproc.readers.layout.thesaurus import FILLERS, GENERIC, TITLES, WORDS
from docproc.values.text import fold

#: longest label phrase in the thesaurus, in words
PHRASE_WORDS: Final = 4
#: a word this like a known one is taken for it (OCR)
WORD_LIKENESS: Final = 85.0
#: shorter words are never matched loosely
LOOSE_LENGTH: Final = 5
#: concepts that a label fits less are not considered
FAINT: Final = 0.3
#: a compound has at least this many letters, and each of its parts this many
COMPOUND_LENGTH: Final = 6
PART_LENGTH: Final = 3
#: of a compound with an unknown first part, the known noun must have this many letters
NOUN_LENGTH: Final = 5
#: a field belongs to a concept from this fit on
CONCEPT_FIT: Final = 0.85
#: what an unexplained word of a label costs, against 1 for a known term
UNKNOWN_WEIGHT: Final = 0.45
EXTRA_COST: Final = 0.6
_WORD = re.compile(r"#|n[°º]|[^\W\d_]+(?:['\-][^\W\d_]+)*", re.UNICODE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_+|(?<=[A-Z])(?=[A-Z][a-z])")
_NAME_TERMS: Final = {"from": "start", "since": "start", "to": "end", "until": "end", "through": "end"}

Terms = frozenset[str]
ENDS: Final[Terms] = frozenset({"start", "end"})


@dataclass(frozen=True, eq=False)
class FieldLabels:
    """What the labels of one field may look like; compared by identity, for the memory of `own_fit`."""

    #: terms of a label and how surely they mean the field
    alternatives: tuple[tuple[Terms, float], ...]
    #: the thesaurus concepts that the field is
    concepts: frozenset[str]
    #: all terms of the field's own name and title
    terms: Terms
    #: all terms of its description
    context: Terms = field(default=frozenset())
    #: labels that the schema itself gives
    told: frozenset[Terms] = field(default=frozenset())

    @property
    def subjects(self) -> Terms:
        """Kinds of documents that the field speaks of, such as invoice or order."""
        return frozenset(term for wanted, _ in self.alternatives for term in wanted) & TITLES


def spoken_name(name: str) -> str:
    """A snake or camel case name as words: `invoiceNumber` → `invoice Number`."""
    return " ".join(part for part in _CAMEL.split(name) if part)


@lru_cache(maxsize=20_000)
def terms_of(text: str) -> tuple[str, ...]:
    """The terms of a printed label in order; unknown words stay as they are, folded."""
    words = [word.strip("-'") for word in _WORD.findall(fold(text).replace("e-mail", "email"))]
    found: list[str] = []
    index = 0
    while index < len(words):
        length = next((n for n in range(min(PHRASE_WORDS, len(words) - index), 0, -1) if _phrase(words, index, n)), 0)
        if length:
            found.extend(_phrases()[" ".join(words[index : index + length])])
            index += length
        else:
            found.extend(_word_terms(words[index]))
            index += 1
    return tuple(found)


def known_terms(text: str) -> Terms:
    """The terms of `text` that the thesaurus knows."""
    return frozenset(terms_of(text)) & _known_terms()


@lru_cache(maxsize=20_000)
def known_share(text: str) -> float:
    """Share of the words of `text` that the thesaurus knows."""
    terms = terms_of(text)
    return sum(term in _known_terms() for term in terms) / len(terms) if terms else 0.0


@lru_cache(maxsize=50_000)
def fit(label: Terms, wanted: Terms) -> float:
    """How well the terms of a label cover the wanted ones, 0 to 1; unexplained terms cost."""
    matched = sum(_wanted_weight(term) for term in label & wanted)
    if not matched:
        return 0.0
    missing = sum(_wanted_weight(term) for term in wanted - label)
    extra = sum(_printed_weight(term) for term in label - wanted)
    return matched / (matched + missing + EXTRA_COST * extra)


@lru_cache(maxsize=50_000)
def own_fit(labels: FieldLabels, label: Terms) -> float:
    """How surely a label with these terms names the field."""
    return max((fit(label, wanted) * weight for wanted, weight in labels.alternatives), default=0.0)


@lru_cache(maxsize=50_000)
def rival_fit(labels: FieldLabels, label: Terms, *, rivals: frozenset[str] | None = None) -> float:
    """How surely the label names something else: one of `rivals`, or any concept that the field is not."""
    return max(
        (
            strength
            for concept, strength in concept_fits(label)
            if concept not in labels.concepts and (rivals is None or concept in rivals)
        ),
        default=0.0,
    )


@lru_cache(maxsize=20_000)
def best_concept(label: Terms) -> tuple[str, float]:
    """The concept that the label names most surely; `("", 0.0)` when it names none."""
    fits = concept_fits(label)
    return max(fits, key=lambda pair: pair[1]) if fits else ("", 0.0)


def name_terms(name: str) -> Terms:
    """The terms of a field's name, where `from` and `to` mean the ends of a period."""
    words = spoken_name(name).split()
    ends = {_NAME_TERMS[word.lower()] for word in words if word.lower() in _NAME_TERMS}
    rest = [word for word in words if word.lower() not in _NAME_TERMS]
    return frozenset(terms_of(" ".join(rest))) | ends


def concepts_of(terms: Terms) -> tuple[str, ...]:
    """The concepts that a field with these terms is."""
    return tuple(name for name, strength in concept_fits(terms) if strength >= CONCEPT_FIT)


@lru_cache(maxsize=20_000)
def concept_fits(label: Terms) -> tuple[tuple[str, float], ...]:
    """Every concept that a label with these terms may name, and how surely."""
    fits = []
    for name, alternatives in concept_labels().items():
        strength = max(fit(label, wanted) * weight for wanted, weight in alternatives)
        if strength > FAINT:
            fits.append((name, strength))
    return tuple(fits)


@cache
def concept_labels() -> dict[str, tuple[tuple[Terms, float], ...]]:
    """The thesaurus' labels of each concept as terms, with how surely they mean it."""
    return {
        name: tuple((frozenset(phrase.split()), weight) for phrase, weight in printed.items())
        for name, printed in CONCEPTS.items()
    }


@cache
def _known_terms() -> frozenset[str]:
    phrase_terms = {term for terms in PHRASES.values() for term in terms.split()}
    return frozenset(WORDS) | phrase_terms


@cache
def _lexicon() -> dict[str, str]:
    return {word: term for term, words in WORDS.items() for word in words.split()}


@cache
def _phrases() -> dict[str, tuple[str, ...]]:
    return {phrase: tuple(terms.split()) for phrase, terms in PHRASES.items()}


@cache
def _long_words() -> tuple[str, ...]:
    return tuple(word for word in (*_lexicon(), *_phrases()) if len(word) >= LOOSE_LENGTH and " " not in word)


def _phrase(words: list[str], index: int, length: int) -> bool:
    return " ".join(words[index : index + length]) in _phrases()


@lru_cache(maxsize=20_000)
def _word_terms(word: str) -> tuple[str, ...]:
    """The terms of one word: known, a compound of known words, nearly known, or itself."""
    if word in FILLERS:
        return ()
    direct = _known(word)
    if direct:
        return direct
    for mark in ("-", "'"):
        if mark in word:
            return tuple(term for part in word.split(mark) for term in _word_terms(part) if part)
    parts = _compound(word)
    if parts:
        return parts
    if len(word) >= LOOSE_LENGTH:
        close = process.extractOne(word, _long_words(), scorer=fuzz.ratio, score_cutoff=WORD_LIKENESS)
        if close is not None and abs(len(close[0]) - len(word)) <= 1:
            return _known(close[0])
    return (word,)


def _known(word: str) -> tuple[str, ...]:
    if word in _phrases():
        return _phrases()[word]
    term = _lexicon().get(word)
    return (term,) if term else ()


def _compound(word: str) -> tuple[str, ...]:
    """`rechnungsdatum` or a run-together `INVOICENO`: two known words with nothing, s, n or es between."""
    if len(word) < COMPOUND_LENGTH:
        return ()
    for cut in range(len(word) - 2, 2, -1):
        tail = _known(word[cut:])
        if not tail:
            continue
        for link in ("", "s", "n", "es"):
            stem = word[:cut].removesuffix(link) if link else word[:cut]
            head = _known(stem) if len(stem) >= PART_LENGTH else ()
            if head:
                return (*head, *tail)
    for cut in range(3, len(word) - NOUN_LENGTH + 1):  # `handelsrechnung`: the last part is the noun
        if word[cut:] in _lexicon():
            return (word[:cut], *_known(word[cut:]))
    return ()


def is_specific(terms: Terms) -> bool:
    """Whether a label with these terms says more than `number` or `start date` does."""
    return bool(terms - GENERIC - ENDS)


def _wanted_weight(term: str) -> float:
    """A word that nobody knows is what tells a field from the others."""
    return 0.5 if term in GENERIC else 1.0


def _printed_weight(term: str) -> float:
    """A word that nobody knows says little on a page."""
    if term in GENERIC:
        return 0.5
    return 1.0 if term in _known_terms() else UNKNOWN_WEIGHT
