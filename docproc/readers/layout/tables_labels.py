"""Printed column labels to the meanings they may have: exact, among other words, or nearly; knows no geometry."""

from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import fuzz, process

from docproc.readers.layout.tables_targets import Target, label_of, label_score, net_told, words_of
from docproc.readers.layout.tables_vocabulary import QUALIFIERS

#: a label may have this many words and still be looked up in parts
MAX_WORDS = 12
#: misread or inflected labels are still the same from here, 0 to 100
NEAR = 84.0
#: shorter labels are not compared by letters: "pos" is not "per"
NEAR_LENGTH = 5
#: a compound is told by its last part this surely
COMPOUND = 0.8
#: labels that an index remembers
KEPT_LABELS = 4096
#: a label that says net where gross is asked, or a rate where an amount is; and the reverse
WRONG, RIGHT = -0.25, 0.02


class LabelIndex:
    """Looks labels up among the targets of one table; remembers the last that it has looked up."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self.targets = targets
        self._by_label: dict[str, list[tuple[int, float]]] = {}
        for index, target in enumerate(targets):
            for label, weight in target.labels.items():
                for form in dict.fromkeys((label, label.replace(" ", ""))):
                    self._by_label.setdefault(form, []).append((index, weight))
        self._long = [label for label in self._by_label if len(label) >= NEAR_LENGTH]
        self._words = frozenset(word for label in self._by_label for word in label.split())
        self._known = lru_cache(maxsize=KEPT_LABELS)(self._look_up)

    def has_word(self, word: str) -> bool:
        """Whether `word`, in comparable form, is part of any label."""
        return word in self._words

    def match(self, text: str) -> tuple[tuple[int, float], ...]:
        """Indices of the targets that a column under the printed `text` may mean, the best first."""
        return self._known(label_of(text))

    def fit(self, target: int, text: str) -> float:
        """What speaks for `target`, or against it, in the rest of the label: tax included or not, a per cent sign."""
        wanted = self.targets[target].net
        told = net_told(words_of(text))
        fit = 0.0 if told is None or wanted is None else RIGHT if told == wanted else WRONG
        if "%" in text and self.targets[target].is_numeric:
            fit += RIGHT if self.targets[target].is_rate else WRONG
        return fit

    def _look_up(self, label: str) -> tuple[tuple[int, float], ...]:
        words = label.split()
        if not words or len(words) > MAX_WORDS:
            return ()
        scores: dict[int, float] = {}
        self._add_parts(scores, label, weight=1.0)
        core = [word for word in words if word not in QUALIFIERS]
        if core and len(core) < len(words):
            self._add_parts(scores, " ".join(core), weight=0.97)
        if not scores and len(label) >= NEAR_LENGTH:
            self._add_near(scores, label)
        if not scores:
            self._add_compounds(scores, words)
        return tuple(sorted(scores.items(), key=lambda pair: -pair[1]))

    def _add_parts(self, scores: dict[int, float], label: str, *, weight: float) -> None:
        words = label.split()
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                part = " ".join(words[start:end])
                for known in {part, part.replace(" ", "")}:
                    for index, own in self._by_label.get(known, ()):
                        score = weight * own * label_score(label, part)
                        scores[index] = max(scores.get(index, 0.0), score)

    def _add_near(self, scores: dict[int, float], label: str) -> None:
        for known, ratio, _ in process.extract(label, self._long, scorer=fuzz.ratio, score_cutoff=NEAR, limit=3):
            for index, own in self._by_label[known]:
                scores[index] = max(scores.get(index, 0.0), own * ratio / 100 * 0.95)

    def _add_compounds(self, scores: dict[int, float], words: Sequence[str]) -> None:
        """German and Dutch run words together: what ends in "preis" is a price."""
        for word in words:
            for start in range(1, len(word) - NEAR_LENGTH + 1):
                for index, own in self._by_label.get(word[start:], ()):
                    scores[index] = max(scores.get(index, 0.0), own * COMPOUND)
