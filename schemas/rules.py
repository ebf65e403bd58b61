"""Cross-field checks on a merged record: pure functions from a record to what holds and what does not."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.schema import Record, RuleFindings


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check that could be made because all its values were there."""

    #: field paths that took part
    fields: tuple[str, ...]
    holds: bool
    code: IssueCode
    #: one sentence for a person, used when it does not hold
    message: str
    severity: Severity = Severity.WARNING


Rule: TypeAlias = Callable[[Record], Iterable[Check]]


def rule_check(rules: Iterable[Rule]) -> Callable[[Record], RuleFindings]:
    """All rules as one: issues for the checks that fail, and for every field the share of its checks that hold."""
    rules = tuple(rules)

    def check(record: Record) -> RuleFindings:
        checks = [made for rule in rules for made in rule(record)]
        outcomes: dict[str, list[bool]] = defaultdict(list)
        for made in checks:
            for path in made.fields:
                outcomes[path].append(made.holds)
        return RuleFindings(
            issues=tuple(
                Issue(code=made.code, fields=made.fields, severity=made.severity, message=made.message)
                for made in checks
                if not made.holds
            ),
            checks={path: sum(held) / len(held) for path, held in outcomes.items()},
        )

    return check
