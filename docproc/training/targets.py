"""What NVLM should answer for a page: its part of the truth as compact JSON, in schema order; knows no tokens.

A truth tells of a document, an answer of a page. In a document of several pages a value belongs to the pages that it is
printed on, and a row to the page of its values. What the truth does not tell, or what is printed nowhere, is written
as null all the same, so that every answer has every key, but it is marked: nothing is learnt from it.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unicodedata import normalize

from docproc.domain.extraction import field_leaves
from docproc.domain.page import PageContent
from docproc.domain.reading import Window
from docproc.domain.schema import ExtractionSchema, FieldSpec, Record, Shape
from docproc.grounding import ground_record
from docproc.training.truth import TruthError

#: a truth's words: equally right values, and a row that may be left out
ANY, OPTIONAL = "any", "_optional"
_UNKNOWN = object()

#: on which pages the value of a field path is printed
Places = Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The answer for one page."""

    text: str
    #: begin and end of each stretch of the text that nothing is learnt from
    unlearnt: tuple[tuple[int, int], ...] = ()


def whole_target(fields: Mapping[str, Any], schema: ExtractionSchema) -> Target:
    """The answer for the only page of a document; of equally right values the first."""
    return _written(_chosen(fields, lambda _: 0), schema, _everywhere)


def page_targets(fields: Mapping[str, Any], schema: ExtractionSchema, pages: Sequence[PageContent]) -> list[Target]:
    """The answer for each of `pages`, by what is printed on them."""
    places: dict[str, list[int]] = {}
    best: dict[str, int] = {}
    # the first of equally right values that is printed is the one to answer
    for turn in range(max(_alternatives(fields), default=1)):
        record = _chosen(fields, partial(_always, turn))
        for path, found in _printed(record, schema, pages).items():
            if path not in places:
                places[path] = found
                best[path] = turn
    record = _chosen(fields, lambda path: best.get(path, 0))
    if len(pages) == 1:
        return [_written(record, schema, _everywhere)]
    places |= _listed(record, schema, pages)
    rows = _row_pages(record, schema, places, first=pages[0].number)
    return [_written(record, schema, _On(page.number, places, rows)) for page in pages]


def _alternatives(truth: Any) -> Iterator[int]:  # noqa: ANN401 any JSON
    """How many equally right values there are, wherever there are several."""
    if isinstance(truth, dict):
        if ANY in truth:
            yield len(truth[ANY])
        for value in truth.values():
            yield from _alternatives(value)
    elif isinstance(truth, list):
        for value in truth:
            yield from _alternatives(value)


def _always(turn: int, path: str) -> int:
    del path
    return turn


def _chosen(truth: Any, choose: Callable[[str], int], path: str = "") -> Any:  # noqa: ANN401 any JSON
    """`truth` with one value where several are right (`choose` says which, the last where there are fewer)."""
    if isinstance(truth, dict):
        if right := truth.get(ANY):
            return _chosen(right[min(choose(path), len(right) - 1)], choose, path)
        return {
            key: _chosen(value, choose, f"{path}.{key}" if path else key)
            for key, value in truth.items()
            if key not in {ANY, OPTIONAL}
        }
    if isinstance(truth, list):
        return [_chosen(value, choose, f"{path}[{index}]") for index, value in enumerate(truth)]
    return truth


def _printed(record: Record, schema: ExtractionSchema, pages: Sequence[PageContent]) -> dict[str, list[int]]:
    """The pages of every value that is printed on one, by field path."""
    window = Window(pages=pages, page_count=len(pages))
    grounded = ground_record(record, schema, window=window, hints={})
    return {
        path: sorted({part.page for part in leaf.evidence}) for path, leaf in field_leaves(grounded) if leaf.evidence
    }


def _listed(record: Record, schema: ExtractionSchema, pages: Sequence[PageContent]) -> dict[str, list[int]]:
    """The pages of every entry of a list that is no table: each stands on all pages that it is printed on."""
    plain = {spec.name for spec in schema.fields if spec.shape is Shape.LIST and not spec.is_table}
    entries = {name: value for name, value in record.items() if name in plain}
    found: dict[str, list[int]] = {}
    for page in pages if entries else ():
        for path in _printed(entries, schema, [page]):
            found.setdefault(path, []).append(page.number)
    return found


def _row_pages(record: Record, schema: ExtractionSchema, places: Places, *, first: int) -> dict[str, int]:
    """The page of each row of each table: where most of its values are, or else where the row before it is."""
    found: dict[str, int] = {}
    for path, count in _tables(schema.fields, record, ""):
        page = first
        for index in range(count):
            row = f"{path}[{index}]"
            counts = Counter(numbers[0] for path, numbers in places.items() if path.startswith(f"{row}."))
            page = counts.most_common(1)[0][0] if counts else page
            found[row] = page
    return found


def _tables(specs: Sequence[FieldSpec], values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, int]]:
    """Every table with its number of rows."""
    for spec in specs:
        value = values.get(spec.name)
        if spec.is_table and isinstance(value, list):
            yield f"{prefix}{spec.name}", len(value)
        elif spec.shape is Shape.GROUP and isinstance(value, dict):
            yield from _tables(spec.children, value, f"{prefix}{spec.name}.")


def _everywhere(path: str) -> bool | None:
    """Of a document of one page: whatever is known of it is known of the page."""
    del path
    return True


@dataclass(frozen=True, slots=True)
class _On:
    """What is known of one page of several."""

    page: int
    places: Places
    rows: Mapping[str, int]

    def __call__(self, path: str) -> bool | None:
        """Is the value or row of `path` on the page? None: it cannot be told."""
        for row, page in self.rows.items():
            if path == row or path.startswith(f"{row}."):
                return page == self.page
        numbers = self.places.get(path)
        return None if numbers is None else self.page in numbers


@dataclass(slots=True)
class _Writer:
    """Pieces of JSON, and which of them nothing is learnt from."""

    #: is the value of a field path on the page? None: it cannot be told
    on_page: Callable[[str], bool | None]
    text: str = ""
    unlearnt: list[tuple[int, int]] = field(default_factory=list)

    def unknown(self, spec: FieldSpec) -> None:
        """What stands for a value that is not known."""
        begin = len(self.text)
        self.text += _nothing(spec)
        self.unlearnt.append((begin, len(self.text)))

    def value(self, spec: FieldSpec, value: Any, path: str) -> None:  # noqa: ANN401 any JSON
        """The value of a field."""
        if value is _UNKNOWN:
            self.unknown(spec)
        elif spec.shape is Shape.GROUP and isinstance(value, dict):
            self.group(spec.children, value, path)
        elif spec.shape is Shape.LIST and isinstance(value, list):
            self.rows(spec, value, path)
        elif value is None or spec.shape is not Shape.LEAF:
            self.text += _nothing(spec)
        else:
            self.leaf(spec, value, path)

    def group(self, specs: tuple[FieldSpec, ...], values: Mapping[str, Any], path: str) -> None:
        """Every key of the schema, in its order."""
        self.text += "{"
        for number, spec in enumerate(specs):
            self.text += ("," if number else "") + json.dumps(spec.name, ensure_ascii=False) + ":"
            self.value(spec, values.get(spec.name, _UNKNOWN), f"{path}.{spec.name}" if path else spec.name)
        self.text += "}"

    def rows(self, spec: FieldSpec, values: Sequence[Any], path: str) -> None:
        """The rows that are on the page; one that nobody knows the page of is on none."""
        item = spec.item or FieldSpec(name=spec.name)
        here = [index for index in range(len(values)) if self.on_page(f"{path}[{index}]")]
        self.text += "["
        for number, index in enumerate(here):
            self.text += "," if number else ""
            self.value(item, values[index], f"{path}[{index}]")
        self.text += "]"

    def leaf(self, spec: FieldSpec, value: Any, path: str) -> None:  # noqa: ANN401 any JSON
        """A value, null when it is on another page, null and not learnt when nobody knows where it is."""
        here = self.on_page(path)
        if here is None:
            self.unknown(spec)
        elif here:
            # as the prompt is normalised: what is not learnt is told by place
            self.text += normalize("NFC", json.dumps(_of_type(spec, value, path), ensure_ascii=False))
        else:
            self.text += "null"


def _written(fields: Mapping[str, Any], schema: ExtractionSchema, on_page: Callable[[str], bool | None]) -> Target:
    writer = _Writer(on_page)
    writer.group(schema.fields, fields, "")
    return Target(text=writer.text, unlearnt=tuple(writer.unlearnt))


def _nothing(spec: FieldSpec) -> str:
    return "[]" if spec.shape is Shape.LIST else "null"


def _of_type(spec: FieldSpec, value: Any, path: str) -> Any:  # noqa: ANN401 any JSON
    """A number where the schema has numbers, a text where it has texts: truths are written by hand."""
    if isinstance(value, (dict, list)):
        raise TruthError(f"{path}: the schema has one value here, the truth has more")
    if spec.json_number and isinstance(value, str):
        try:
            number = float(value)
        except ValueError as exc:
            raise TruthError(f"{path}: the schema has a number here, the truth has none") from exc
        return int(number) if number.is_integer() else number
    if not spec.json_number and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value
