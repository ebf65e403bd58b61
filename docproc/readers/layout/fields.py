"""What the labels of each field of a schema may look like, and how its fields share them; knows no page."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from docproc.domain.schema import NUMERIC, FieldKind, FieldSpec, Shape
from docproc.readers.layout.labels import (
    ENDS,
    FieldLabels,
    Terms,
    concept_fits,
    concept_labels,
    concepts_of,
    fit,
    is_specific,
    name_terms,
    terms_of,
)
from docproc.readers.layout.thesaurus import SIDES

#: terms taken from the description count less than the name
DESCRIPTION_WEIGHT: Final = 0.8
#: longer ones are sentences, not label phrases
DESCRIPTION_WORDS: Final = 8
DESCRIPTION_TERMS: Final = 3
#: what a label that lacks the field's own qualifier loses
VAGUE: Final = 0.75
#: a label that does not say whose it is hardly means the receiver's
VAGUE_RECEIVER: Final = 0.5
#: a field fits its own label better than another field does from this difference on
BETTER: Final = 0.05
#: labels of a concept that another field claims stay with a field whose name they fit this well
OWN_LABEL: Final = 0.5

_SHARE: Final = frozenset({"rate", "percent"})
_CLAUSE = re.compile(r"[.;(]|,? (?:of|for|that|which|as|in|without|with|who|from|by|to|when) ")
_ALTERNATIVE = re.compile(r",| or | oder | ou | and ")


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """A leaf of the schema with what its labels look like."""

    path: str
    spec: FieldSpec
    labels: FieldLabels

    @property
    def ends(self) -> int:
        """1 for the start of a period, 2 for its end, 0 otherwise."""
        return 1 if "start" in self.labels.terms else 2 if "end" in self.labels.terms else 0


@lru_cache(maxsize=32)  # one schema serves thousands of documents
def plan_fields(specs: tuple[FieldSpec, ...]) -> tuple[FieldPlan, ...]:
    """Every leaf outside lists, each with the labels that no other field has the better claim to."""
    plans = list(_leaves(specs))
    return tuple(
        _sharpened(plan, [other for other in plans if other is not plan and _alike(plan, other)]) for plan in plans
    )


def field_labels(spec: FieldSpec, *, parent: str = "") -> FieldLabels:
    """The labels to look for, from name, title, aliases, description and the thesaurus."""
    around = name_terms(parent) if parent else frozenset()
    bare = [terms for terms in (name_terms(spec.name), *_printed(spec)) if terms]
    own = [terms | around for terms in bare]
    named = own[0] if own else frozenset()
    concepts = frozenset(concept for terms in own for concept in concepts_of(terms))
    alternatives = [(terms, _sided(named, terms)) for terms in own]
    alternatives.extend((terms, _sided(named, terms)) for terms in bare if around)
    for terms in own:  # the ends of a period stand under the label of the whole
        if terms & ENDS and is_specific(terms):
            alternatives.extend([(terms - ENDS, 0.95), (terms - ENDS | {"date"}, 1.0)])
            concepts |= frozenset(concepts_of(terms - ENDS)) | {"period"}
    specific = any(is_specific(terms) for terms in own)
    described = tuple(_described(spec.description, specific=specific))
    if spec.kind is FieldKind.PERCENT:  # `VAT 20 %` names the rate too
        alternatives.extend((terms - _SHARE, 0.95) for terms in own if terms - _SHARE)
    alternatives.extend(
        (terms, DESCRIPTION_WEIGHT * (VAGUE if specific and not is_specific(terms) else 1.0)) for terms in described
    )
    loose = concepts | frozenset(concept for terms in described for concept in concepts_of(terms))
    for concept in sorted(loose):
        factor = 1.0 if concept in concepts else DESCRIPTION_WEIGHT
        if specific and concept in {"start date", "end date"}:
            factor *= VAGUE
        alternatives.extend((terms, weight * factor) for terms, weight in concept_labels()[concept])
    return FieldLabels(
        alternatives=tuple(alternatives),
        concepts=loose,
        terms=named,
        context=frozenset(terms_of(spec.description)),
        told=frozenset(terms for text in spec.aliases if (terms := frozenset(terms_of(text)))),
    )


def _leaves(specs: Iterable[FieldSpec], *, prefix: str = "", parent: str = "") -> Iterator[FieldPlan]:
    for spec in specs:
        path = f"{prefix}.{spec.name}" if prefix else spec.name
        if spec.shape is Shape.GROUP:
            yield from _leaves(spec.children, prefix=path, parent=spec.name)
        elif spec.shape is Shape.LEAF:
            yield FieldPlan(path, spec, field_labels(spec, parent=parent))


def _alike(first: FieldPlan, second: FieldPlan) -> bool:
    """Whether two fields compete for the same print; a share in percent is never taken for an amount."""
    kinds = {first.spec.kind, second.spec.kind}
    return len(kinds) == 1 or kinds <= NUMERIC - {FieldKind.PERCENT}


def _sharpened(plan: FieldPlan, others: Sequence[FieldPlan]) -> FieldPlan:
    """The field without the labels and concepts that another field of the schema names more exactly."""
    labels = plan.labels
    concepts = frozenset(
        concept
        for concept in labels.concepts
        if not any(
            concept in other.labels.concepts and _claim(other, concept) > _claim(plan, concept) + BETTER
            for other in others
        )
    )
    lost = {terms for concept in labels.concepts - concepts for terms, _ in concept_labels()[concept]}
    alternatives = tuple(
        (terms, weight)
        for terms, weight in labels.alternatives
        if terms in labels.told
        or (
            not _belongs_elsewhere(terms, labels.terms, others)
            and (terms not in lost or fit(terms, labels.terms) >= OWN_LABEL)
        )
    )
    return replace(plan, labels=replace(labels, alternatives=alternatives, concepts=concepts))


def _belongs_elsewhere(terms: Terms, named: Terms, others: Sequence[FieldPlan]) -> bool:
    """Whether another field is told to have the label, or has it too and a name that fits it better."""
    return any(terms in other.labels.told for other in others) or any(
        terms in (wanted for wanted, _ in other.labels.alternatives)
        and fit(terms, other.labels.terms) > fit(terms, named) + BETTER
        for other in others
    )


def _claim(plan: FieldPlan, concept: str) -> float:
    """How surely the field's own name means the concept."""
    return dict(concept_fits(plan.labels.terms)).get(concept, 0.0)


def _printed(spec: FieldSpec) -> Iterator[Terms]:
    for text in (spec.title, *spec.aliases):
        if text:
            yield frozenset(terms_of(text))


def _sided(named: Terms, terms: Terms) -> float:
    """How much a label counts that may not say whose it is, for a field that does."""
    if not named & SIDES or terms & SIDES:
        return 1.0
    return VAGUE_RECEIVER if "buyer" in named else VAGUE


def _described(description: str, *, specific: bool) -> Iterator[Terms]:
    """Label phrases in a description: `Contract, order or invoice number of …` holds three.

    Of a field with a name of its own, phrases without one are left out: `Name of …` would match every name.
    """
    head = _CLAUSE.split(description, maxsplit=1)[0]
    parts = [part for part in _ALTERNATIVE.split(head) if part.strip()]
    if not parts or len(head.split()) > DESCRIPTION_WORDS:
        return
    noun = terms_of(parts[-1])[-1:]
    for part in parts:
        terms = terms_of(part)
        phrase = frozenset(terms if part is parts[-1] else (*terms, *noun))
        if 0 < len(terms) <= DESCRIPTION_TERMS and (not specific or is_specific(phrase) or phrase & ENDS):
            yield phrase
