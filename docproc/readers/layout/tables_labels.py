"""Printed column labels to the meanings they may have: exact, among other words, or nearly; knows no geometry."""

from collections.abc import Sequence

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
#: a label that says net where gross is asked, or a rate where an amount is; and the reverse
WRONG, RIGHT = -0.25, 0.02


class LabelBook:
    """The labels of the targets of one table in every form; never changes, so the windows of a schema share it."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self.targets = targets
        #: label, with and without spaces -> indices of the targets that it may mean, and how well it tells them
        self.meanings: dict[str, list[tuple[int, float]]] = {}
        for index, target in enumerate(targets):
            for label, weight in target.labels.items():
                for form in dict.fromkeys((label, label.replace(" ", ""))):
                    self.meanings.setdefault(form, []).append((index, weight))
        #: labels that may be compared by letters
        self.long = [label for label in self.meanings if len(label) >= NEAR_LENGTH]
        self.words = frozenset(word for label in self.meanings for word in label.split())


class LabelIndex:
    """Looks labels of one window up in a book; remembers what it has looked up."""

    def __init__(self, book: LabelBook) -> None:
        self._book = book
        self._known: dict[str, tuple[tuple[int, float], ...]] = {}

    def has_word(self, word: str) -> bool:
        """Whether `word`, in comparable form, is part of any label."""
        return word in self._book.words

    def match(self, text: str) -> tuple[tuple[int, float], ...]:
        """Indices of the targets that a column under the printed `text` may mean, the best first."""
        label = label_of(text)
        found = self._known.get(label)
        if found is None:
            found = self._known[label] = self._look_up(label)
        return found

    def fit(self, target: int, text: str) -> float:
        """What speaks for `target`, or against it, in the rest of the label: tax included or not, a per cent sign."""
        wanted = self._book.targets[target].net
        told = net_told(words_of(text))
        fit = 0.0 if told is None or wanted is None else RIGHT if told == wanted else WRONG
        if "%" in text and self._book.targets[target].is_numeric:
            fit += RIGHT if self._book.targets[target].is_rate else WRONG
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
                    for index, own in self._book.meanings.get(known, ()):
                        score = weight * own * label_score(label, part)
                        scores[index] = max(scores.get(index, 0.0), score)

    def _add_near(self, scores: dict[int, float], label: str) -> None:
        for known, ratio, _ in process.extract(label, self._book.long, scorer=fuzz.ratio, score_cutoff=NEAR, limit=3):
            for index, own in self._book.meanings[known]:
                scores[index] = max(scores.get(index, 0.0), own * ratio / 100 * 0.95)

    def _add_compounds(self, scores: dict[int, float], words: Sequence[str]) -> None:
        """German and Dutch run words together: what ends in "preis" is a price."""
        for word in words:
            for start in range(1, len(word) - NEAR_LENGTH + 1):
                for index, own in self._book.meanings.get(word[start:], ()):
                    scores[index] = max(scores.get(index, 0.0), own * COMPOUND)
