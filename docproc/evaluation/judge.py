"""Judge one document: every field that the truth knows, and what is wrong with it side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from docproc.domain.schema import ExtractionSchema, FieldSpec, JsonValue, Shape
from docproc.evaluation.forms import Sameness
from docproc.evaluation.given import Given, GivenTree, GivenValue, as_rows, as_value, as_values, at_path, bare
from docproc.evaluation.judged import Judged
from docproc.evaluation.plain import judge_plain, judge_set
from docproc.evaluation.rows import judge_rows
from docproc.evaluation.truth import Truth, known_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How the fields of a schema are compared."""

    schema: ExtractionSchema
    #: of fields whose numbers may be 5 % off
    relaxed: frozenset[str] = frozenset()
    #: order of numeric dates where the schema says none
    day_first: bool = True

    def sameness(self, spec: FieldSpec) -> Sameness:
        told = spec.day_first if spec.day_first is not None else self.schema.day_first
        return Sameness(
            kind=spec.kind,
            day_first=self.day_first if told is None else told,
            relaxed=spec.name in self.relaxed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A field that is not right: what is true and what was given."""

    path: str
    true: JsonValue
    given: JsonValue
    confidence: float | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedDocument:
    """One document's verdicts, by field path."""

    file: str
    fields: Mapping[str, Judged]
    wrong: Sequence[Wrong] = ()
    given: Given | None = field(default=None, repr=False)

    @property
    def whole(self) -> bool:
        """Every field that the truth knows is right."""
        return all(judged.whole for judged in self.fields.values())


def judge(truth: Truth, given: Given | None, rules: Rules) -> JudgedDocument:
    """The verdicts on one document; None: it did not come out at all."""
    answers = given.fields if given is not None else {}
    fields: dict[str, Judged] = {}
    wrong: list[Wrong] = []
    for path, spec, true in known_fields(truth.fields, rules.schema.fields):
        tree = at_path(answers, path)
        fields[path] = _judge_field(spec, true, tree, rules)
        if not fields[path].whole:
            wrong.append(_wrong(path, true, tree))
    return JudgedDocument(file=truth.file, fields=fields, wrong=wrong, given=given)


def _judge_field(spec: FieldSpec, true: Any, tree: GivenTree, rules: Rules) -> Judged:  # noqa: ANN401 plain JSON
    if spec.shape is Shape.LEAF:
        return judge_plain(true, as_value(tree), rules.sameness(spec))
    if spec.is_table and spec.item is not None:
        columns = {cell.name: rules.sameness(cell) for cell in spec.item.children}
        return judge_rows(true, as_rows(tree), columns)
    return judge_set(true, as_values(tree))


def _wrong(path: str, true: Any, tree: GivenTree) -> Wrong:  # noqa: ANN401 plain JSON
    value = tree if isinstance(tree, GivenValue) else None
    return Wrong(
        path=path,
        true=true,
        given=bare(tree),
        confidence=value.confidence if value else None,
        page=value.page if value else None,
    )
