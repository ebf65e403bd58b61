"""Form fields (AcroForm), exact named values: matches their names and labels to the fields of a schema."""

from collections.abc import Iterator, Sequence
from typing import Final

from docproc.domain.evidence import Evidence
from docproc.domain.page import FormField, FormFieldKind, PageContent
from docproc.domain.schema import FieldKind
from docproc.readers.layout.candidates import Conventions
from docproc.readers.layout.fields import FieldPlan
from docproc.readers.layout.found import Found, match_kind
from docproc.readers.layout.labels import own_fit, rival_fit, spoken_name, terms_of
from docproc.values.parse import to_json
from docproc.values.text import key

#: a form field's name or label names the schema's field from this fit on
FORM_FIT: Final = 0.7
#: how sure an entered value is when its name is the field's own
SURE: Final = 0.97


def form_values(
    pages: Sequence[PageContent], plans: Sequence[FieldPlan], *, conventions: Conventions
) -> dict[str, Found]:
    """The entered values by field path; the best named form field wins, and serves once."""
    pairs = [
        (fit, plan, page, entry)
        for page in pages
        for entry in page.form_fields
        if entry.value and entry.kind is not FormFieldKind.SIGNATURE
        for plan in plans
        if (fit := _fit(plan, entry)) >= FORM_FIT
    ]
    pairs.sort(key=lambda pair: -pair[0])
    found: dict[str, Found] = {}
    used: set[int] = set()
    for fit, plan, page, entry in pairs:
        if plan.path in found or id(entry) in used:
            continue
        value = to_json(
            plan.spec.kind,
            entry.value,
            day_first=conventions.day_first if plan.spec.day_first is None else plan.spec.day_first,
            decimal_mark=conventions.decimal_mark,
            options=plan.spec.options,
            json_number=plan.spec.json_number,
        )
        if value is None:
            continue
        used.add(id(entry))
        evidence = Evidence(
            page=page.number, box=entry.box, text=entry.value, match=match_kind(plan.spec.kind, value, entry.value)
        )
        found[plan.path] = Found(value=value, probability=SURE * min(1.0, fit + 0.1), evidence=(evidence,))
    return found


def _fit(plan: FieldPlan, entry: FormField) -> float:
    """How surely the form field is the schema's field; a tick answers yes or no only."""
    ticked = entry.kind in {FormFieldKind.CHECKBOX, FormFieldKind.RADIO}
    if ticked and plan.spec.kind not in {FieldKind.BOOLEAN, FieldKind.ENUM, FieldKind.TEXT}:
        return 0.0
    return max((_name_fit(plan, name) for name in _names(entry)), default=0.0)


def _name_fit(plan: FieldPlan, name: str) -> float:
    if key(name) == key(plan.spec.name) or key(name) == key(plan.path):
        return 1.0
    terms = frozenset(terms_of(name))
    own = own_fit(plan.labels, terms)
    return own if own >= rival_fit(plan.labels, terms) else 0.0


def _names(entry: FormField) -> Iterator[str]:
    if entry.label:
        yield entry.label
    yield spoken_name(entry.name.rpartition(".")[2].split("[")[0])
