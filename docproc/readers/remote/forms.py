"""The forms of answers that servers are told: those of decoding, without what servers do not understand."""

from collections.abc import Collection
from typing import Any

from docproc.decoding.profile import NUMBER_STEP, decoding_form, repair_form
from docproc.domain.schema import ExtractionSchema, Record


def served_form(schema: ExtractionSchema) -> dict[str, Any]:
    """The JSON Schema that servers are told. Raises ConstraintRefusedError."""
    form: dict[str, Any] = _without_steps(decoding_form(schema))
    return form


def mending_form(schema: ExtractionSchema, record: Record, open_paths: Collection[str]) -> dict[str, Any]:
    """The same, with every value fixed but those at `open_paths`."""
    form: dict[str, Any] = _without_steps(repair_form(schema, record, open_paths))
    return form


def _without_steps(form: Any) -> Any:  # noqa: ANN401 any part of a JSON Schema
    """A step that only bounds how many digits a model writes is more than servers understand."""
    if isinstance(form, list):
        return [_without_steps(part) for part in form]
    if not isinstance(form, dict):
        return form
    kept = {name: part for name, part in form.items() if (name, part) != ("multipleOf", NUMBER_STEP)}
    return {name: _without_steps(part) for name, part in kept.items()}
