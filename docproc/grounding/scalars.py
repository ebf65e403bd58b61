"""Chooses the place of each value outside lists: agreement, label, siblings, and no place for two; knows no tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from docproc.domain.evidence import MatchKind
from docproc.domain.schema import NUMERIC, FieldKind, FieldSpec
from docproc.grounding.labels import Labels
from docproc.grounding.places import Place
from docproc.values.parse import JsonLeaf
from docproc.values.text import key

_LABEL = 0.8
_SIBLING = 0.3
#: page points over which a sibling loses most of its hold
_SIBLING_REACH = 120.0
_EXACT = 0.03
#: totals stand at the end, all else rather at the beginning
_POSITION = 0.06
_TAKEN = 0.35
#: candidates of less quality than the best by more than this are out
_QUALITY_GAP = 0.15
_MAX_CANDIDATES = 80
#: a label weaker than this is no label
_LEAST_LABEL = 0.3
#: a value of so few letters, printed so often, proves nothing without a label
_SHORT_KEY = 2
_OFTEN = 4
#: other places of a value are given, too, when it is this long: it is not there by chance
_TELLING_KEY = 5
_MAX_OTHERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A leaf of the record outside lists, with the places where its value may stand."""

    path: str
    #: path of the group it belongs to, empty at the top
    group: str
    spec: FieldSpec
    value: JsonLeaf
    places: Sequence[Place]


def place_slots(slots: Sequence[Slot], *, labels: Labels, taken: set[int]) -> dict[str, list[Place]]:
    """Places of each slot by path, the one that proves it first; `taken` are words that table cells stand on."""
    taken = set(taken)
    chosen: dict[str, list[Place]] = {}
    anchors: dict[str, list[Place]] = {}
    # a value with one place only leaves no choice: it anchors its group and keeps others off its words
    for slot in sorted(slots, key=lambda slot: len(slot.places)):
        ranked = _ranked(slot, labels=labels, taken=taken, siblings=anchors.get(slot.group, []))
        if not ranked:
            continue
        chosen[slot.path] = ranked
        taken.update(ranked[0].tokens)
        if slot.group:
            anchors.setdefault(slot.group, []).append(ranked[0])
    return chosen


def _ranked(slot: Slot, *, labels: Labels, taken: set[int], siblings: Sequence[Place]) -> list[Place]:
    places = slot.places[:_MAX_CANDIDATES]
    if not places:
        return []
    places = [place for place in places if place.quality >= places[0].quality - _QUALITY_GAP]
    needs_label = _needs_label(slot)
    if len(places) == 1 and not needs_label:
        return places
    by_label = [labels.score(slot.spec, place) for place in places]
    if needs_label and max(by_label) < _LEAST_LABEL:
        return []
    scores = [
        place.quality
        + _LABEL * label
        + _SIBLING * _nearness(place, siblings)
        + _EXACT * (place.match is MatchKind.EXACT)
        + _POSITION * _position(slot.spec, number / len(places))
        - _TAKEN * bool(taken.intersection(place.tokens))
        for number, (place, label) in enumerate(zip(places, by_label, strict=True))
    ]
    order = sorted(range(len(places)), key=lambda number: -scores[number])
    others = [places[number] for number in order[1 : 1 + _MAX_OTHERS]] if _is_telling(slot.value) else []
    return [places[order[0]], *others]


def _needs_label(slot: Slot) -> bool:
    if slot.spec.kind is FieldKind.BOOLEAN:
        return True
    return len(key(str(slot.value))) <= _SHORT_KEY and len(slot.places) >= _OFTEN and bool(slot.places[0].tokens)


def _is_telling(value: JsonLeaf) -> bool:
    return isinstance(value, str) and len(key(value)) >= _TELLING_KEY


def _nearness(place: Place, siblings: Sequence[Place]) -> float:
    distances = [
        abs(place.box.middle_y - other.box.middle_y) + 0.5 * abs(place.box.left - other.box.left)
        for other in siblings
        if other.page == place.page
    ]
    return exp(-min(distances) / _SIBLING_REACH) if distances else 0.0


def _position(spec: FieldSpec, share: float) -> float:
    return share if spec.kind in NUMERIC else 1 - share
