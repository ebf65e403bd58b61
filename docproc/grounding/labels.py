"""How well the labels of a field explain a place: a label left of it, above it, in the same word, or of a form field.

Labels are the field's title, its name and its aliases, in whatever language they are printed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import exp

from docproc.domain.schema import FieldSpec
from docproc.grounding.places import Place
from docproc.grounding.textual import TextSearch
from docproc.values.text import key, similarity

#: page points over which a label loses most of its hold, to the left and above
_REACH_LEFT = 220.0
_REACH_ABOVE = 28.0
#: two boxes stand in one line from this overlap on; boxes may overlap a little, and begin a little apart, in points
_SAME_LINE = 0.6
_OVERLAP = 2.0
_ALIGNED = 12.0
#: a label above counts less than one to the left
_ABOVE = 0.85
#: labels shorter than this are found by chance
_SURE_LENGTH = 8
#: the more often a label is printed, the less one place of it tells; more than this are left out
_MAX_PLACES = 150


class Labels:
    """The places of labels in a window, searched once a label."""

    def __init__(self, text: TextSearch) -> None:
        self._text = text
        self._by_spec: dict[int, dict[int, list[tuple[float, Place]]]] = {}

    def score(self, spec: FieldSpec, place: Place) -> float:
        """0 to 1: how well the best label of `spec` explains `place`."""
        if place.label:
            return max(
                (similarity(phrase, part) for phrase in phrases(spec) for part in _form_names(place.label)), default=0.0
            )
        return max(
            (weight * _hold(label, place) for weight, label in self._places(spec).get(place.page, ())), default=0.0
        )

    def _places(self, spec: FieldSpec) -> Mapping[int, list[tuple[float, Place]]]:
        """The labels of `spec` with their weight, by page."""
        found = self._by_spec.get(id(spec))
        if found is None:
            found = defaultdict(list)
            for phrase in phrases(spec):
                weight = 0.6 + 0.4 * min(1.0, len(key(phrase)) / _SURE_LENGTH)
                for place in self._text.runs(key(phrase))[:_MAX_PLACES]:
                    found[place.page].append((weight, place))
            self._by_spec[id(spec)] = found
        return found


def phrases(spec: FieldSpec) -> list[str]:
    """The labels of a field, each once."""
    words = (spec.title, spec.name.replace("_", " "), *spec.aliases)
    return list({key(text): text for text in words if key(text)}.values())


def _form_names(label: str) -> Iterable[str]:
    return [label, *label.replace("_", " ").replace(".", " ").split(" ")]


def _hold(label: Place, place: Place) -> float:
    if _shares_word(label.tokens, place.tokens):
        return 1.0 if label.box.right <= place.box.left + 1 else 0.0
    left, up = place.box.left - label.box.right, place.box.top - label.box.bottom
    if label.band == place.band or label.box.vertical_overlap(place.box) > _SAME_LINE:
        return exp(-max(0.0, left) / _REACH_LEFT) if left > -_OVERLAP else 0.0
    aligned = label.box.horizontal_overlap(place.box) > 0 or abs(label.box.left - place.box.left) < _ALIGNED
    return _ABOVE * exp(-max(0.0, up) / _REACH_ABOVE) if aligned and up > -_OVERLAP else 0.0


def _shares_word(first: Sequence[int], second: Sequence[int]) -> bool:
    return bool(first) and bool(second) and first[0] <= second[-1] and second[0] <= first[-1]
