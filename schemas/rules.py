"""Cross-field checks on a merged record: pure functions from a record to what holds and what does not."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from docproc.domain.issues import Issue, IssueCode, Severity
from docproc.domain.schema import JsonValue, Record, RuleFindings

#: an issue names at most this many field paths: a table may have thousands of rows
MAX_NAMED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check that could be made because all its values were there."""

    #: field paths that took part
    fields: tuple[str, ...]
    holds: bool
    code: IssueCode
    #: one sentence for a person, used when it does not hold
    message: str
    #: INFO: failing proves nothing, because the schema has no place for what could explain it; holding still confirms
    severity: Severity = Severity.WARNING


Rule: TypeAlias = Callable[[Record], Iterable[Check]]


def rule_check(rules: Iterable[Rule]) -> Callable[[Record], RuleFindings]:
    """All rules as one: issues for the checks that fail, and for every field the share of its checks that hold."""
    rules = tuple(rules)

    def check(record: Record) -> RuleFindings:
        checks = [made for rule in rules for made in rule(record)]
        outcomes: dict[str, list[bool]] = defaultdict(list)
        for made in checks:
            if not made.holds and made.severity is Severity.INFO:
                continue
            for path in made.fields:
                outcomes[path].append(made.holds)
        return RuleFindings(
            issues=tuple(
                Issue(code=made.code, fields=_named(made.fields), severity=made.severity, message=made.message)
                for made in checks
                if not made.holds
            ),
            checks={path: sum(held) / len(held) for path, held in outcomes.items()},
        )

    return check


def _named(fields: tuple[str, ...]) -> tuple[str, ...]:
    """The first field paths, and the last: it is the total."""
    return fields if len(fields) <= MAX_NAMED else (*fields[: MAX_NAMED - 1], fields[-1])


def value_at(record: Record, path: str) -> JsonValue:
    """The value at a dotted field path; None when there is none."""
    place: JsonValue = record
    for name in path.split("."):
        place = place.get(name) if isinstance(place, dict) else None
    return place


def amount_at(record: Record, path: str) -> Decimal | None:
    """The number at a field path; None when there is none or it cannot be read as one."""
    value = value_at(record, path)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def rows_of(record: Record, path: str) -> list[Record]:
    """The rows of the table at a field path."""
    rows = value_at(record, path)
    return [row if isinstance(row, dict) else {} for row in rows] if isinstance(rows, list) else []
