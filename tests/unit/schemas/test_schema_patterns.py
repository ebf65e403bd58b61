"""Regular expressions of a user's schema: anchored for the constraint, and never tried when they could take forever."""

import re
import time

import pytest

from schemas.json_schema import compile_json_schema
from schemas.patterns import anchored, compiles, is_anchored, may_explode, translated


@pytest.mark.parametrize(
    ("pattern", "whole"),
    [
        ("^[A-Z]{2}$", "^[A-Z]{2}$"),
        ("[A-Z]", r"^[\s\S]*[A-Z][\s\S]*$"),
        ("^a", r"^a[\s\S]*$"),
        (r"a\$", r"^[\s\S]*a\$[\s\S]*$"),
        ("^(a|b)$", "^(a|b)$"),
        ("a|b", r"^[\s\S]*(?:a|b)[\s\S]*$"),
        ("^[$^]$", "^[$^]$"),
        ("^a|b$", None),
        ("^(?=a)b$", None),
        (r"^(a)\1$", None),
    ],
)
def test_a_pattern_is_written_for_the_whole_value(pattern, whole):
    assert anchored(pattern) == whole


@pytest.mark.parametrize("text", ["", "a", "xay", "b", "AB", "aa\n"])
@pytest.mark.parametrize("pattern", ["a", "^a", "a$", "^a$", "a|b", "^(a|b)$", "[A-Z]{2}"])
def test_the_anchored_form_accepts_what_the_search_accepts(pattern, text):
    whole = anchored(pattern)
    assert whole is not None
    assert bool(re.match(whole, text)) == bool(re.search(pattern, text))


@pytest.mark.parametrize(("pattern", "answer"), [("^a$", True), ("a", False), ("^a|b$", False), (r"^a\$", False)])
def test_a_pattern_is_anchored_when_both_ends_are_for_every_alternative(pattern, answer):
    assert is_anchored(pattern) is answer


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"(a[a-z]*)*", r"(\w+\s?)+", r"^[a-z](\.?[a-z0-9]+)*$", r"((ab)*)*", "(.*)(.*)(.*)(.*)x", "(a|b+)+"],
)
def test_repeats_within_repeats_are_seen(pattern):
    assert may_explode(pattern)


@pytest.mark.parametrize(
    "pattern", [r"^[a-z]+(-[a-z]+)*$", r"^(\.[0-9]+)*$", r"(?:/[^/]+)+$", r"^\w+@\w+$", r"^(\d{3})+$", "^.*a.*$"]
)
def test_repeats_that_fall_apart_in_one_way_are_fine(pattern):
    assert not may_explode(pattern)


def test_javascript_expressions_are_put_into_python_words():
    assert compiles(translated(r"^(?<year>\d{4})\p{L}\u{e4}$"))
    assert re.match(translated(r"^\p{L}+$"), "Größe")


def test_a_hostile_pattern_does_not_stop_the_check_of_a_record():
    schema = compile_json_schema({"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}})
    started = time.thread_time()
    assert schema.check_shape({"a": "a" * 60 + "!"}) == ()
    assert time.thread_time() - started < 1
    assert schema.fields[0].pattern is None
