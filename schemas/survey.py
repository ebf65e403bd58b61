"""Every keyword of a JSON Schema with what becomes of it: a table, read place by place."""

from collections.abc import Iterator
from typing import Any

from docproc.domain.errors import SchemaError
from schemas.formats import FORMATS
from schemas.patterns import anchored, compiles, is_anchored, may_explode, translated
from schemas.pointers import join
from schemas.source import walk
from schemas.support import Place, Verdict


def _vocabulary(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SHAPING = _vocabulary(
    "$defs $ref $anchor $id allOf anyOf const definitions description enum id items nullable oneOf prefixItems "
    "properties required title type x-dayfirst x-docproc x-kind"
)
_CONSTRAINING = _vocabulary(
    "exclusiveMaximum exclusiveMinimum maxItems maxLength maximum minItems minLength minimum multipleOf"
)
_SILENT = _vocabulary("default deprecated examples example readOnly writeOnly contentEncoding contentMediaType")
_CHECKED = {
    "additionalItems": "a list has one kind of entry; what else is allowed does not matter",
    "contains": "whether an entry of that kind is there is checked after reading",
    "dependencies": "checked after reading",
    "dependentRequired": "checked after reading",
    "dependentSchemas": "checked after reading",
    "else": "checked after reading",
    "if": "which branch applies is checked after reading",
    "maxContains": "checked after reading",
    "maxProperties": "checked after reading",
    "minContains": "checked after reading",
    "minProperties": "checked after reading",
    "not": "checked after reading",
    "propertyNames": "checked after reading",
    "then": "checked after reading",
    "unevaluatedItems": "checked after reading",
    "unevaluatedProperties": "checked after reading; a record never has fields that the schema does not name",
    "uniqueItems": "checked after reading",
}
_UNNAMED = {
    "additionalProperties": "docproc reads named properties only: what else may be there stays absent",
    "patternProperties": "docproc reads named properties only: what else may be there stays absent",
}
#: every table of keywords with its verdict
_VERDICTS: dict[str, tuple[Verdict, str]] = {
    **dict.fromkeys(_SHAPING, (Verdict.SUPPORTED, "")),
    **dict.fromkeys(_CONSTRAINING, (Verdict.CONSTRAINED, "")),
    **{keyword: (Verdict.CHECKED, reason) for keyword, reason in _CHECKED.items()},
    **{keyword: (Verdict.IGNORED, reason) for keyword, reason in _UNNAMED.items()},
}


def keyword_places(document: dict[str, Any]) -> tuple[Place, ...]:
    """One place for every keyword at every place, in the document's order. Raises SchemaError for a bad pattern."""
    return tuple(place for pointer, schema in walk(document) for place in _place(schema, pointer))


def _place(schema: dict[str, Any], pointer: str) -> Iterator[Place]:
    for keyword, value in schema.items():
        verdict, reason = _verdict(keyword, value, pointer)
        yield Place(pointer=join(pointer, keyword), verdict=verdict, reason=reason)


def _verdict(keyword: str, value: Any, pointer: str) -> tuple[Verdict, str]:  # noqa: ANN401 JSON of any type
    if keyword == "pattern" and isinstance(value, str):
        return _pattern_verdict(value, join(pointer, keyword))
    if keyword == "format":
        if value in FORMATS:
            return Verdict.CONSTRAINED, ""
        return Verdict.IGNORED, f"the format {value!r} is not known here: any text fits"
    if keyword == "additionalProperties" and value is False:
        return Verdict.CONSTRAINED, ""
    if keyword in ("anyOf", "oneOf") and len([branch for branch in value if not _is_null(branch)]) > 1:
        return (
            Verdict.CHECKED,
            "the record has the fields of all alternatives; that one fits is checked after reading",
        )
    if keyword in _VERDICTS:
        return _VERDICTS[keyword]
    return Verdict.IGNORED, "" if keyword.startswith("$") or keyword in _SILENT else "not a keyword that docproc knows"


def _is_null(branch: object) -> bool:
    return isinstance(branch, dict) and branch.get("type") == "null"


def _pattern_verdict(pattern: str, at: str) -> tuple[Verdict, str]:
    python = translated(pattern)
    if not compiles(python):
        raise SchemaError(f"At {at}: the pattern is not a regular expression that can be run here. Simplify it.")
    if may_explode(python):
        return Verdict.IGNORED, "repeats within repeats can take forever to try, so it is not tried after reading"
    if anchored(python) is None:
        return Verdict.CHECKED, "it looks around or back, which no constraint can follow: checked after reading"
    if not is_anchored(python):
        return (
            Verdict.CONSTRAINED,
            "not anchored, so any text around it fits as well: ^…$ describes the whole value",
        )
    return Verdict.CONSTRAINED, ""
