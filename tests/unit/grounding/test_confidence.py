import pytest
from hypothesis import given
from hypothesis import strategies as st

from docproc.domain.extraction import ConfidenceParts, FieldTree, FieldValue, field_leaves
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, RuleFindings, Shape
from docproc.grounding.confidence import WEIGHTS, confidence, value_type, with_checks

MONEY = FieldSpec(name="total", kind=FieldKind.MONEY)
SHARES = st.floats(min_value=0, max_value=1)


def parts(**given_parts):
    return ConfidenceParts(**given_parts)


def told(value: str, spec: FieldSpec, known: ConfidenceParts) -> float:
    found = confidence(value, spec, known)
    assert found is not None
    return found


def test_every_kind_has_weights():
    assert {value_type(kind) for kind in FieldKind} == set(WEIGHTS)


def test_a_grounded_value_that_passes_its_checks_is_near_certain_and_an_ungrounded_one_doubtful():
    assert told("5", MONEY, parts(model=0.8, match=1.0, checks=1.0)) > 0.95
    assert told("5", MONEY, parts(model=0.5, match=0.0)) < 0.5
    assert told("5", MONEY, parts(model=0.8, match=1.0, checks=0.0)) < told("5", MONEY, parts(model=0.8, match=1.0))


@pytest.mark.parametrize("part", ["model", "match", "ocr", "checks"])
@given(low=SHARES, high=SHARES)
def test_a_better_part_never_lowers_the_confidence(part, low, high):
    low, high = sorted((min(low, 0.99), min(high, 0.99)))
    for kind in FieldKind:
        spec = FieldSpec(name="x", kind=kind)
        assert told("5", spec, parts(**{part: low})) <= told("5", spec, parts(**{part: high}))


def test_a_reader_that_is_certain_stays_certain():
    assert confidence("5", MONEY, parts(model=1.0, match=0.0)) == 1.0


def test_of_an_absent_value_only_the_reader_knows():
    assert confidence(None, MONEY, parts(model=0.7)) == 0.7
    assert confidence(None, MONEY, parts()) is None


def test_nothing_known_is_no_confidence():
    assert confidence("5", MONEY, parts()) is None


def test_checks_change_the_named_fields_only():
    row = FieldSpec(name="row", shape=Shape.GROUP, children=(FieldSpec(name="sum", kind=FieldKind.MONEY),))
    schema = ExtractionSchema(
        name="test",
        version=1,
        fields=(MONEY, FieldSpec(name="rows", shape=Shape.LIST, item=row)),
        json_schema={},
        check_shape=lambda _: (),
        check_rules=lambda _: RuleFindings(),
    )
    value = FieldValue(value="5.00", parts=parts(match=1.0), confidence=0.8)
    fields: dict[str, FieldTree] = {"total": value, "rows": [{"sum": value}, {"sum": value}]}
    checked = dict(field_leaves(with_checks(fields, schema, {"total": 0.0, "rows[1].sum": 1.0})))
    assert checked["total"].parts.checks == 0.0
    assert (checked["total"].confidence or 0) < 0.6
    assert checked["rows[0].sum"] is value
    assert checked["rows[1].sum"].parts.checks == 1.0
    assert (checked["rows[1].sum"].confidence or 0) > 0.8
