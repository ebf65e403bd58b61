"""A schema that nothing would hold a model to is refused before any work, and only for models under a grammar."""

from pathlib import Path

import pytest

from docproc.bootstrap import model_for, require_readable
from docproc.decoding.profile import ConstraintRefusedError
from docproc.settings import Settings
from schemas.json_schema import compile_json_schema

TAGS = {"type": "array", "items": {"type": "string"}}
UNHELD = compile_json_schema({"properties": {"tags": {**TAGS, "uniqueItems": True}}})
HELD = compile_json_schema({"properties": {"tags": TAGS}})
GRAMMAR = Settings(vlm_model=Path("models/tiny"))
FREE = Settings(vlm_model=Path("models/tiny"), vlm_constraint="free")
SERVED = Settings(remote_endpoints=["http://127.0.0.1:8000/v1"])


def test_a_model_under_a_grammar_is_refused_it_with_its_place() -> None:
    with pytest.raises(ConstraintRefusedError, match="/properties/tags/uniqueItems"):
        require_readable(UNHELD, "vlm", GRAMMAR)


@pytest.mark.parametrize(
    ("reader", "settings"), [("vlm", FREE), ("remote", SERVED), ("layout", GRAMMAR), ("auto", GRAMMAR)]
)
def test_who_is_checked_afterwards_or_reads_by_rules_takes_it(reader: str, settings: Settings) -> None:
    require_readable(UNHELD, reader, settings)
    require_readable(HELD, "vlm", GRAMMAR)


def test_auto_leaves_out_the_model_that_nothing_would_hold() -> None:
    assert model_for(UNHELD, "auto", GRAMMAR) is None
    assert model_for(HELD, "auto", GRAMMAR) == "vlm"
    assert model_for(UNHELD, "auto", FREE) == "vlm"
    assert model_for(UNHELD, "auto", SERVED) == "remote"
    assert model_for(HELD, "layout", GRAMMAR) is None
