"""What is counted while one document's fields are drawn: boxes for its pages, confidences, issues by field."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from docproc.domain.evidence import Evidence
from docproc.domain.extraction import FieldTree, FieldValue
from docproc.domain.issues import Issue, Severity

#: the gravest first
GRAVITY = (Severity.ERROR, Severity.WARNING, Severity.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One box to draw: a field's evidence, under the number of the field."""

    number: int
    label: str
    evidence: Evidence


@dataclass(slots=True)
class Confidences:
    """A running mean, and the lowest."""

    total: float = 0.0
    count: int = 0
    lowest: float | None = None

    def add(self, confidence: float) -> None:
        self.total += confidence
        self.count += 1
        self.lowest = confidence if self.lowest is None else min(self.lowest, confidence)

    def join(self, others: "Confidences") -> None:
        self.total += others.total
        self.count += others.count

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None


@dataclass(slots=True)
class Tally:
    """Of one document."""

    #: by field path, the gravest severity of its issues
    severities: dict[str, Severity]
    marks: list[Mark] = field(default_factory=list)
    confidences: Confidences = field(default_factory=Confidences)
    leaves: int = 0
    found: int = 0
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    def of(cls, issues: Iterable[Issue]) -> "Tally":
        severities: dict[str, Severity] = {}
        for issue in sorted(issues, key=lambda issue: GRAVITY.index(issue.severity), reverse=True):
            severities |= dict.fromkeys(issue.fields, issue.severity)
        return cls(severities)

    def number(self, leaves: Sequence[FieldValue], label: str) -> int | None:
        """Count what stands in one place of the report; a number when there is evidence to point at."""
        self.leaves += len(leaves)
        known = [leaf for leaf in leaves if leaf.value is not None]
        self.found += len(known)
        for leaf in known:
            if leaf.confidence is not None:
                self.confidences.add(leaf.confidence)
        places = [evidence for leaf in known for evidence in leaf.evidence]
        if not places:
            return None
        number = next(self._numbers)
        self.marks += [Mark(number=number, label=label, evidence=evidence) for evidence in places]
        return number

    def pass_over(self, tree: FieldTree) -> None:
        """Count what is not shown: it has a confidence all the same."""
        if isinstance(tree, FieldValue):
            self.leaves += 1
            if tree.value is not None:
                self.found += 1
                if tree.confidence is not None:
                    self.confidences.add(tree.confidence)
        else:
            for branch in tree if isinstance(tree, list) else tree.values():
                self.pass_over(branch)
