"""Of answers that do not stand a bounded part is kept, and what is left out is said."""

from docproc.domain.issues import Issue, IssueCode
from docproc.domain.reading import LONGEST_VALUES, Attempt

ISSUE = Issue(code=IssueCode.LINES_MISMATCH, fields=tuple(f"rows[{row}].amount" for row in range(900)), message="No.")


def test_an_attempt_keeps_the_values_that_there_is_room_for_and_says_how_many_it_leaves_out() -> None:
    values = {"rows": [{"amount": "1.00"}] * 900, **{f"rows[{row}].amount": "1.00" for row in range(900)}}

    attempt = Attempt.of(values, [ISSUE] * 60)

    assert "rows" not in attempt.values
    assert attempt.values["rows[0].amount"] == "1.00"
    assert sum(len(path) + len('"1.00"') for path in attempt.values) <= LONGEST_VALUES
    assert attempt.left_out == 901 - len(attempt.values) + 10
    assert (len(attempt.findings), len(attempt.findings[0].fields)) == (50, 50)


def test_a_short_attempt_is_kept_whole() -> None:
    attempt = Attempt.of({"total": "12.00", "rows": None}, [])

    assert (dict(attempt.values), attempt.left_out) == ({"total": "12.00", "rows": None}, 0)
