"""The record of a reader without a model as the draft of a model's answer, taken up again after a disagreement."""

from collections.abc import Iterator, Sequence
from itertools import islice

from docproc.decoding.cursor import Place
from docproc.decoding.drafts.answer import Answer, Path, raw
from docproc.decoding.drafts.completions import Begun, completion, place_of
from docproc.decoding.drafts.page_print import PagePrint
from docproc.decoding.drafts.rows import BegunValue, RowPlace, RowTrack
from docproc.domain.schema import FieldKind, FieldSpec, JsonValue, Record, Shape

#: a pass does not verify more than that
_MOST_ROWS = 64
#: values whose place is looked for, to know where the answer is
_LOOKED_BACK = 8


class RecordDrafter:
    """Writes the rest of an answer from a draft record and from the pages.

    Where the answer departs from the draft it is completed from what was said before and from the page's words; the
    draft goes on with the next value, in the row that the answer is in.
    """

    def __init__(self, fields: Sequence[FieldSpec], page: PagePrint, *, draft: Record | None = None) -> None:
        self._root = FieldSpec(name="", shape=Shape.GROUP, children=tuple(fields))
        self._page = page
        self._draft: Record = draft or {}
        self._answer = Answer()
        self._tracks: dict[Path, RowTrack] = {}
        #: the segment where the answer's last value is printed, and how many values were looked for
        self._near, self._placed = 0, 0
        #: distinct values of the answer, as JSON, by field and by kind, in the order of writing; how many are in
        self._of_field: dict[tuple[str, ...], dict[bytes, None]] = {}
        self._of_kind: dict[FieldKind, dict[bytes, None]] = {}
        self._sorted_up_to = 0
        self._draft_of_kind: dict[FieldKind, dict[bytes, None]] = {}
        for kind, value in _leaves(self._root, self._draft):
            self._draft_of_kind.setdefault(kind, {})[raw(value)] = None

    @property
    def page(self) -> PagePrint:
        """What is printed on the pages."""
        return self._page

    def propose(self, answer: bytes) -> bytes:
        """The rest of the record; it stops short at a value that is beyond guessing."""
        if not self._answer.read(answer):
            self._near, self._placed, self._sorted_up_to = 0, 0, 0
        path = self._answer.cursor.parts
        if not path:
            return b"" if answer.strip(b" {") else self._written(self._root, ())[len(answer) :]
        finished = self._finish(path)
        return b"" if finished is None else finished + self._levels(path)

    def _finish(self, path: Path) -> bytes | None:
        """What ends the value or mark being written; None when that cannot be guessed."""
        place, spec = self._answer.cursor.place, self._spec(path)
        if place in {Place.KEY, Place.AFTER}:
            return b""
        if spec is None:
            return None
        if place is Place.COLON:
            return b":" + self._written(spec, path)
        if place is Place.VALUE:
            return b"" if self._answer.text.endswith(b"[") else self._written(spec, path)
        # fields of a row stand together; what stands behind the last of other fields says nothing
        near = self._last_place() if any(isinstance(step, int) for step in path) else None
        begun = Begun(spec=spec, partial=self._answer.partial, near=near)
        drafted = raw(self._drafted(path))
        rest = completion(begun, drafted, said=self._values(spec, path), page=self._page)
        return rest or (b"" if begun.is_whole else None)

    def _levels(self, path: Path) -> bytes:
        """What closes every open object and list, innermost first, with all that is still to come in them."""
        rest = b""
        place, opened = self._answer.cursor.place, self._answer.text.endswith(b"[")
        for depth in range(len(path) - 1, -1, -1):
            step, above = path[depth], path[:depth]
            if isinstance(step, int):
                is_finished = depth == len(path) - 1 and place is Place.AFTER
                rest += self._more_rows(above, step, opened=opened, is_finished=is_finished) + b"]"
            elif place is Place.KEY:
                rest += self._more_fields(above, step, begun=self._answer.key_begun) + b"}"
            else:
                rest += self._more_fields(above, step) + b"}"
            place, opened = Place.AFTER, False
        return rest

    def _more_fields(self, above: Path, last: str, *, begun: bytes | None = None) -> bytes:
        """The fields of an object behind the field `last`; `begun` is what stands of the first one's key already."""
        spec = self._spec(above)
        children = spec.children if spec is not None else ()
        names = [child.name for child in children]
        following = children[names.index(last) + 1 :] if last in names else children
        written = [raw(child.name) + b":" + self._written(child, (*above, child.name)) for child in following]
        if begun is None:
            return b"".join(b"," + field for field in written)
        return b",".join(written)[len(begun) :]

    def _more_rows(self, above: Path, step: int, *, opened: bool, is_finished: bool) -> bytes:
        """The rows of a list behind its row `step`, or from it on when the list has only been opened."""
        spec, track = self._spec(above), self._track(above)
        if spec is None or spec.item is None or track is None:
            return b""
        place = self._row(above, step + 1 if is_finished else step)
        start = place.row if opened or is_finished else place.following
        rest = b",".join(self._from_draft(spec.item, row) for row in track.rows[start : start + _MOST_ROWS])
        return b"," + rest if rest and not opened else rest

    # --- the draft ------------------------------------------------------------------------------------------------

    def _written(self, spec: FieldSpec, path: Path) -> bytes:
        """A whole value as the draft has it."""
        return self._from_draft(spec, self._drafted(path))

    def _from_draft(self, spec: FieldSpec, value: JsonValue) -> bytes:
        if spec.shape is Shape.GROUP:
            inner = value if isinstance(value, dict) else {}
            fields = (
                raw(child.name) + b":" + self._from_draft(child, inner.get(child.name)) for child in spec.children
            )
            return b"{" + b",".join(fields) + b"}"
        if spec.shape is Shape.LIST and spec.item is not None:
            rows = value if isinstance(value, list) else []
            return b"[" + b",".join(self._from_draft(spec.item, row) for row in rows[:_MOST_ROWS]) + b"]"
        return raw(value)

    def _drafted(self, path: Path) -> JsonValue:
        """The draft's value at a place of the answer."""
        value: JsonValue = self._draft
        for depth, step in enumerate(path):
            if isinstance(step, str):
                value = value.get(step) if isinstance(value, dict) else None
            elif isinstance(value, list):
                row = self._row(path[:depth], step).row
                value = value[row] if row < len(value) else None
            else:
                return None
        return value

    def _row(self, above: Path, index: int) -> RowPlace:
        """The draft row for row `index` of the answer's list at `above`."""
        track = self._track(above)
        if track is None:
            return RowPlace(index, index + 1)
        return track.place(
            index, lambda row: self._answer.rows.get((*above, row), {}), begun=self._begun((*above, index))
        )

    def _begun(self, row: Path) -> BegunValue | None:
        """The value being written, if it is one of this row."""
        path = self._answer.cursor.parts
        if not self._answer.is_inside or path[: len(row)] != row:
            return None
        return BegunValue(path[len(row) :], self._answer.partial)

    def _track(self, above: Path) -> RowTrack | None:
        if above not in self._tracks:
            rows = self._drafted(above)
            if not isinstance(rows, list):
                return None
            self._tracks[above] = RowTrack(rows)
        return self._tracks[above]

    # --- the answer -----------------------------------------------------------------------------------------------

    def _last_place(self) -> int:
        """Where the page prints what the answer said last; the next value is likely there or behind it."""
        said = self._answer.values
        for path, value in islice(said.items(), max(self._placed, len(said) - _LOOKED_BACK), None):
            spec = self._spec(path)
            if spec is not None and isinstance(value, str):
                self._near = place_of(value, spec.kind, near=self._near, page=self._page)
        self._placed = len(said)
        return self._near

    def _values(self, spec: FieldSpec, path: Path) -> Iterator[bytes]:
        """Values that a field may have, the likeliest first: its own in other rows, then others of its kind."""
        said = self._answer.values
        for other, value in islice(said.items(), self._sorted_up_to, None):
            text, found = raw(value), self._spec(other)
            self._of_field.setdefault(_names(other), {})[text] = None
            if found is not None:
                self._of_kind.setdefault(found.kind, {})[text] = None
        self._sorted_up_to = len(said)
        yield from reversed(self._of_field.get(_names(path), {}))
        yield from reversed(self._of_kind.get(spec.kind, {}))
        yield from self._draft_of_kind.get(spec.kind, {})

    def _spec(self, path: Path) -> FieldSpec | None:
        spec: FieldSpec | None = self._root
        for step in path:
            if spec is None:
                return None
            if isinstance(step, int):
                spec = spec.item
            else:
                spec = next((child for child in spec.children if child.name == step), None)
        return spec


def _leaves(spec: FieldSpec, value: JsonValue) -> Iterator[tuple[FieldKind, JsonValue]]:
    if isinstance(value, dict):
        for child in spec.children:
            yield from _leaves(child, value.get(child.name))
    elif isinstance(value, list) and spec.item is not None:
        for row in value:
            yield from _leaves(spec.item, row)
    elif value is not None:
        yield spec.kind, value


def _names(path: Path) -> tuple[str, ...]:
    """The field, whatever the row."""
    return tuple(step for step in path if isinstance(step, str))
