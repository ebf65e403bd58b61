"""The record that a model is shown when it is asked again; of a long one what stands around the failing values.

It is JSON in any case. Knows no prompt.
"""

import json
from collections.abc import Collection, Mapping

from docproc.domain.places import Place, place_of, value_at
from docproc.domain.schema import JsonValue, Record

#: of an answer that a model is shown again, a record or not
LONGEST_SHOWN = 20_000
#: of a text that is right
_LONGEST_TEXT = 200


def shown_record(record: Record, open_paths: Collection[str], *, longest: int = LONGEST_SHOWN) -> str:
    """Compact enough to be read again.

    Of a long record rows without a failing value are null, so that the others keep their places, and those behind the
    last failing one are left out. Where that is still too long the failing values stand alone, by their field paths, as
    many as fit.
    """
    places = [place_of(path) for path in open_paths]
    for told in (record, _around(record, (), places)):
        text = _json(told)
        if len(text) <= longest:
            return text
    return _json(_alone(record, open_paths, longest=longest))


def _around(value: JsonValue, place: Place, open_places: Collection[Place]) -> JsonValue:
    if isinstance(value, dict):
        return {name: _around(inner, (*place, name), open_places) for name, inner in value.items()}
    if isinstance(value, list):
        rows = [_around(row, (*place, index), open_places) for index, row in enumerate(value)]
        kept = {index for index in range(len(rows)) if _is_open((*place, index), open_places)}
        return [row if index in kept else None for index, row in enumerate(rows[: max(kept, default=-1) + 1])]
    if isinstance(value, str) and not _is_open(place, open_places):
        return value[:_LONGEST_TEXT]
    return value


def _is_open(place: Place, open_places: Collection[Place]) -> bool:
    """It fails, is part of what fails, or holds something that does."""
    return any(place[: len(other)] == other or other[: len(place)] == place for other in open_places)


def _alone(record: Record, open_paths: Collection[str], *, longest: int) -> Mapping[str, JsonValue]:
    told: dict[str, JsonValue] = {}
    left = longest - len("{}")
    for path in open_paths:
        value = value_at(record, place_of(path))[1]
        left -= len(_json({path: value}))
        if left >= 0:
            told[path] = value
    return told


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
