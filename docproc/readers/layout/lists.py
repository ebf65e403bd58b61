"""List fields that are not tables: sets of strings such as the parties of an agreement, and label-value pairs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import exp
from typing import Final

from docproc.domain.evidence import Evidence, MatchKind
from docproc.domain.schema import FieldKind, FieldSpec, JsonValue
from docproc.readers.layout.agreement import find_parties
from docproc.readers.layout.assign import THRESHOLD
from docproc.readers.layout.fields import FieldPlan, field_labels
from docproc.readers.layout.finding import score_leaf
from docproc.readers.layout.found import Found, found_from, line_boxes
from docproc.readers.layout.labels import name_terms, terms_of
from docproc.readers.layout.lines import Cell
from docproc.readers.layout.prints import Prints
from docproc.readers.layout.prose import Prose, TextHit
from docproc.readers.layout.wording import is_label
from docproc.values.text import key

#: how surely a printed label and its value belong together
PAIR: Final = 0.8
#: all the text is as right as the words are
WHOLE_SURE: Final = 0.9
#: a label has at most this many words
LABEL_WORDS: Final = 6
#: names of fields that ask for all the text
WHOLE_TEXT: Final = frozenset({"text", "full_text", "content", "body", "transcript", "plain_text"})
_PAGE_NUMBERS: Final = frozenset({"number", "page", "page_number"})
_KEYS: Final = frozenset({"key", "label", "field"})
_VALUES: Final = frozenset({"value"})


@dataclass(frozen=True, slots=True)
class Listed:
    """The members of a list field, each with what was found for its leaves by path below it."""

    values: list[JsonValue] = field(default_factory=list)
    #: by path relative to the list: `[0]`, `[0].value`
    found: dict[str, Found] = field(default_factory=dict)


def read_strings(spec: FieldSpec, prints: Prints, *, prose: Prose) -> Listed:
    """The members of a list of leaves; each value once."""
    item = spec.item
    if item is None:
        return Listed()
    plan = FieldPlan(spec.name, _leaf(spec, item), field_labels(spec))
    if item.kind is FieldKind.TEXT and "party" in plan.labels.terms:
        members = [_from_prose(hit, prose) for hit in find_parties(prose, prints.sheets)]
    else:
        members = [
            found_from(entry, value=entry.candidate.value, probability=entry.probability)
            for entry in score_leaf(plan, prints, prose=prose)
            if entry.probability >= THRESHOLD
        ]
    return _listed(members, limit=spec.max_items)


def is_pairs(spec: FieldSpec) -> bool:
    """Whether the list asks for every label and value of the document, whatever they are."""
    children = spec.item.children if spec.item is not None else ()
    names = {child.name for child in children}
    free = all(child.kind is FieldKind.TEXT and child.pattern is None for child in children)
    return free and len(names & _KEYS) == 1 and len(names & _VALUES) == 1 and names <= _KEYS | _VALUES


def read_pairs(spec: FieldSpec, prints: Prints) -> Listed:
    """Every `label: value` of the pages as a row of a key and a value."""
    children = spec.item.children if spec.item is not None else ()
    key_name = next(child.name for child in children if child.name in _KEYS)
    value_name = next(child.name for child in children if child.name in _VALUES)
    listed = Listed()
    for sheet in prints.sheets:
        for row in sheet.rows:
            for label, value in _pairs(row.cells):
                index = len(listed.values)
                if spec.max_items is not None and index >= spec.max_items:
                    return listed
                listed.values.append({key_name: label[0], value_name: value[0]})
                listed.found[f"[{index}].{key_name}"] = _printed(*label)
                listed.found[f"[{index}].{value_name}"] = _printed(*value)
    return listed


def is_pages(spec: FieldSpec) -> bool:
    """Whether the list asks for the text of every page."""
    names = {child.name for child in spec.item.children} if spec.item is not None else set()
    return bool(names & WHOLE_TEXT) and "page" in name_terms(spec.name) and names <= WHOLE_TEXT | _PAGE_NUMBERS


def read_pages(spec: FieldSpec, prints: Prints) -> Listed:
    """Every page with print as a row of its number and its text, one printed line a line."""
    children = spec.item.children if spec.item is not None else ()
    listed = Listed()
    for sheet in prints.sheets[: spec.max_items]:
        text = "\n".join(row.text for row in sheet.rows)
        row: dict[str, JsonValue] = {}
        for child in children:
            number = sheet.page.number if child.json_number else str(sheet.page.number)
            row[child.name] = text[: child.max_length] if child.name in WHOLE_TEXT else number
            listed.found[f"[{len(listed.values)}].{child.name}"] = Found(value=row[child.name], probability=WHOLE_SURE)
        listed.values.append(row)
    return listed


def _leaf(spec: FieldSpec, item: FieldSpec) -> FieldSpec:
    return FieldSpec(
        name=spec.name, kind=item.kind, title=spec.title, description=spec.description, aliases=spec.aliases,
        options=item.options, pattern=item.pattern, day_first=item.day_first, max_length=item.max_length,
    )  # fmt: skip


def _from_prose(hit: TextHit, prose: Prose) -> Found:
    page, words = prose.spot(hit.start, hit.end)
    text = prose.text[hit.start : hit.end]
    match = MatchKind.EXACT if text == hit.value else MatchKind.NORMALISED
    evidence = tuple(Evidence(page=page, box=box, text=printed, match=match) for box, printed in line_boxes(words))
    return Found(value=hit.value, probability=1 / (1 + exp(-hit.strength)), evidence=evidence)


def _listed(members: Sequence[Found], *, limit: int | None) -> Listed:
    listed, seen = Listed(), set()
    for member in members:
        form = key(str(member.value))
        if form in seen or (limit is not None and len(listed.values) >= limit):
            continue
        seen.add(form)
        listed.found[f"[{len(listed.values)}]"] = member
        listed.values.append(member.value)
    return listed


def _pairs(cells: Sequence[Cell]) -> Iterator[tuple[tuple[str, Cell], tuple[str, Cell]]]:
    """`label: value` within a cell, or a label cell and the value in the cell right of it."""
    for index, cell in enumerate(cells):
        label, colon, value = (part.strip() for part in cell.text.partition(":"))
        if not terms_of(label) or len(label.split()) > LABEL_WORDS:
            continue
        following = cells[index + 1] if index + 1 < len(cells) else None
        if colon and value:
            yield (label, cell), (value, cell)
        elif following is not None and is_label(cell.text) and not is_label(following.text):
            yield (label, cell), (following.text.strip(), following)


def _printed(text: str, cell: Cell) -> Found:
    evidence = Evidence(page=cell.page, box=cell.box, text=cell.text, match=MatchKind.EXACT)
    return Found(value=text, probability=PAIR, evidence=(evidence,))
