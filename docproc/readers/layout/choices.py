"""Fields with few allowed values: an option that the page shows, yes or no, the currency; and the document's title."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from rapidfuzz import fuzz

from docproc.domain.schema import FieldKind
from docproc.readers.layout.candidates import Candidate, Spot, candidate_at
from docproc.readers.layout.fields import FieldPlan
from docproc.readers.layout.labels import spoken_name, terms_of
from docproc.readers.layout.lines import Cell, Sheet
from docproc.readers.layout.prints import Prints
from docproc.readers.layout.score import Scored, label_features
from docproc.readers.layout.thesaurus import TITLES
from docproc.values.parse import parse_boolean
from docproc.values.text import fold

#: an option is on the page from this likeness on, out of 100
OPTION_LIKENESS: Final = 86.0
#: shorter options must be words of their own
LOOSE_OPTION: Final = 4
#: a print of more words is prose that may mention any option
HEADING_WORDS: Final = 9
#: letters of a currency code
CODE: Final = 3
#: marks of a ticked box as OCR and fonts give them
_TICKS: Final = frozenset({"☒", "☑", "✓", "✔", "✗", "✘", "[x]", "[X]", "(x)", "(X)", "x", "X"})
#: hours and minutes, not a part of a longer number
_TIME = re.compile(r"(?<![\d:.,])(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?: ?[AaPp]\.?[Mm]\b\.?)?(?![\d:])")
_EMPTY: Final = frozenset({"☐", "□", "[]", "()"})


def score_options(plan: FieldPlan, prints: Prints) -> list[Scored]:
    """Every place where the page shows one of the options, the most prominent first."""
    scored: list[Scored] = []
    for index, sheet in enumerate(prints.sheets):
        surroundings = prints.surroundings(sheet)
        for cell in sheet.cells:
            for option in plan.spec.options:
                likeness = _likeness(option, cell.text)
                if likeness >= OPTION_LIKENESS:
                    spot = _spot(cell, option)
                    candidate = candidate_at(spot, FieldKind.ENUM, option)
                    labels = surroundings.labels(cell, start=spot.start)
                    features = label_features(plan.labels, labels) | _prominence(cell, option, sheet=sheet)
                    features["rival"] = 0.0
                    features["first_page"] = float(index == 0)
                    features["likeness"] = (likeness - OPTION_LIKENESS) / (100 - OPTION_LIKENESS)
                    scored.append(Scored(plan, candidate, features))
    return sorted(_with_repeats(scored), key=lambda entry: -entry.score)


def score_headings(plan: FieldPlan, prints: Prints) -> list[Scored]:
    """The headings of the first page, the likeliest title of the document first."""
    scored = []
    for sheet in prints.sheets[:1]:
        for cell in sheet.cells:
            words = len(cell.text.split())
            if words > HEADING_WORDS or cell.box.top > sheet.page.height / 2 or cell.text.endswith((":", ",")):
                continue
            spot = Spot(cell, 0, len(cell.text))
            features = _prominence(cell, cell.text, sheet=sheet)
            features["heading"] = 1.0
            features["subject"] = float(bool(frozenset(terms_of(cell.text)) & (TITLES | {"agreement"})))
            scored.append(Scored(plan, candidate_at(spot, FieldKind.TEXT, cell.text), features))
    return sorted(scored, key=lambda entry: -entry.score)


def score_currencies(plan: FieldPlan, prints: Prints) -> list[Scored]:
    """Every currency printed, with the share of the document's currency marks that agree with it."""
    candidates = prints.candidates(FieldKind.CURRENCY)
    weight: dict[str, float] = defaultdict(float)
    for candidate in candidates:
        weight[candidate.value] += _mark_weight(candidate)
    total = sum(weight.values())
    scored = [
        Scored(
            plan,
            candidate,
            {
                **label_features(plan.labels, candidate.labels, rivals=frozenset()),
                "share": weight[candidate.value] / total,
                "code_print": float(candidate.text.isalpha() and len(candidate.text) == CODE),
            },
        )
        for candidate in candidates
    ]
    return sorted(scored, key=lambda entry: -entry.score)


def score_times(plan: FieldPlan, prints: Prints) -> list[Scored]:
    """Every time of day; one beside a date is that of the document."""
    days = {(day.page, day.cell.row) for day in prints.candidates(FieldKind.DATE)}
    scored = []
    for sheet in prints.sheets:
        surroundings = prints.surroundings(sheet)
        for cell in sheet.cells:
            for hit in _TIME.finditer(cell.text):
                spot = Spot(cell, hit.start(), hit.end())
                features = label_features(plan.labels, surroundings.labels(cell, start=spot.start))
                features["dated"] = float((cell.page, cell.row) in days)
                scored.append(Scored(plan, candidate_at(spot, FieldKind.TEXT, hit.group()), features))
    return sorted(scored, key=lambda entry: -entry.score)


def score_booleans(plan: FieldPlan, prints: Prints) -> list[Scored]:
    """Yes, no and ticked boxes with the labels around them."""
    scored = []
    for sheet in prints.sheets:
        surroundings = prints.surroundings(sheet)
        for cell in sheet.cells:
            for spot, value in _answers(cell):
                candidate = candidate_at(spot, FieldKind.BOOLEAN, str(value).lower())
                labels = (*surroundings.labels(cell, start=spot.start), *surroundings.after(cell, end=spot.end))
                scored.append(Scored(plan, candidate, label_features(plan.labels, labels)))
    return sorted(scored, key=lambda entry: -entry.score)


def _answers(cell: Cell) -> Iterator[tuple[Spot, bool]]:
    position = 0
    for word in cell.text.split(" "):
        spot = Spot(cell, position, position + len(word))
        bare = word.strip(".,;:")
        if word in _TICKS:
            yield spot, True
        elif word in _EMPTY:
            yield spot, False
        elif len(bare) > 1 and not bare.isdigit() and (said := parse_boolean(bare)) is not None:
            yield spot, said
        position += len(word) + 1


def _likeness(option: str, text: str) -> float:
    """How surely `text` shows the option, 0 to 100: its words as they are, misread, or in another language."""
    words = text.split()
    spoken = fold(spoken_name(option))
    if len(words) > 3 * HEADING_WORDS:
        return 0.0
    printed = fold(text)
    if len(spoken) >= LOOSE_OPTION:
        likeness = fuzz.partial_ratio(spoken, printed) if len(printed) >= len(spoken) else fuzz.ratio(spoken, printed)
    else:
        likeness = 100.0 if spoken in printed.split() else 0.0
    wanted = frozenset(terms_of(spoken))
    if wanted and likeness < OPTION_LIKENESS and wanted <= frozenset(terms_of(text)) and len(words) <= HEADING_WORDS:
        return OPTION_LIKENESS + 4
    return likeness


def _spot(cell: Cell, option: str) -> Spot:
    """Where in the cell the option stands; the whole cell when that cannot be told."""
    at = cell.text.lower().find(spoken_name(option).lower())
    return Spot(cell, at, at + len(spoken_name(option))) if at >= 0 else Spot(cell, 0, len(cell.text))


def _prominence(cell: Cell, option: str, *, sheet: Sheet) -> dict[str, float]:
    words = len(cell.text.split())
    size = cell.height / sheet.body - 1 if sheet.body else 0.0
    return {
        "heading": float(words <= len(option.split()) + 3),
        "in_prose": float(words > HEADING_WORDS),
        "large_print": max(0.0, min(1.0, size)),
        "capitals": float(cell.text.isupper()),
        "top": 1 - cell.box.middle_y / max(sheet.page.height, 1.0),
    }


def _with_repeats(scored: Sequence[Scored]) -> list[Scored]:
    counts: dict[str, int] = defaultdict(int)
    for entry in scored:
        counts[entry.candidate.value] += 1
    return [
        Scored(
            entry.plan,
            entry.candidate,
            {**entry.features, "repeated": min(1.0, (counts[entry.candidate.value] - 1) / 3)},
        )
        for entry in scored
    ]


def _mark_weight(candidate: Candidate) -> float:
    """A code says more than a sign, which several currencies share."""
    return 3.0 if candidate.text.isalpha() else 1.0
