"""What is known to be right of a document, as truth files say it; knows no reader."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docproc.domain.errors import UsageError
from docproc.domain.schema import FieldSpec, JsonValue, Record, Shape

#: of a row that may be left out
OPTIONAL = "_optional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One document's known fields. A field that is missing is not scored; null says that there is no value."""

    file: str
    fields: Mapping[str, Any]
    #: for question answering
    question: str | None = None

    @classmethod
    def of(cls, parsed: object) -> "Truth":
        """From a parsed truth file. Raises UsageError when it is none."""
        if not isinstance(parsed, dict) or not isinstance(parsed.get("fields"), dict):
            raise UsageError('a truth file is an object {"file": NAME, "fields": {…}}')
        if not isinstance(parsed.get("file"), str):
            raise UsageError("a truth file names its document under file")
        question = parsed.get("question")
        return cls(file=parsed["file"], fields=parsed["fields"], question=question or None)


def alternatives(true: Any) -> Sequence[JsonValue]:  # noqa: ANN401 plain JSON
    """The equally right values of `{"any": [A, B]}`, or the one there is."""
    return true["any"] if isinstance(true, dict) and "any" in true else (true,)


def known_fields(
    fields: Mapping[str, Any], specs: Sequence[FieldSpec], *, prefix: str = ""
) -> Iterator[tuple[str, FieldSpec, Any]]:
    """Every field of the truth with its path and specification, groups taken apart, in the schema's order."""
    for spec in specs:
        if spec.name not in fields:
            continue
        path, true = f"{prefix}{spec.name}", fields[spec.name]
        if spec.shape is Shape.GROUP:
            yield from known_fields(true or _absent(spec), spec.children, prefix=f"{path}.")
        else:
            yield path, spec, true


def unknown_fields(fields: Mapping[str, Any], specs: Sequence[FieldSpec]) -> list[str]:
    """Fields of the truth that the schema does not have: they cannot be scored."""
    names = {spec.name for spec in specs}
    return [name for name in fields if name not in names and not name.startswith("_")]


def _absent(group: FieldSpec) -> Record:
    return {child.name: None for child in group.children}
