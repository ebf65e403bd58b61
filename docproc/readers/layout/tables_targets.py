"""What a table's columns may mean: the fields of a row's schema and the usual columns beside; knows no page."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from docproc.domain.schema import NUMERIC, FieldKind, FieldSpec
from docproc.readers.layout.tables_vocabulary import (
    GROSS_WORDS,
    LABELS,
    NAME_WORDS,
    NET_WORDS,
    NUMERIC_ROLES,
    SECOND_MEANINGS,
    Role,
)
from docproc.values.text import fold

#: a label that the schema itself gives, one of the thesaurus, one that usually means something else
OWN, USUAL, SECOND = 1.0, 0.97, 0.6
#: under this a name does not tell a role
ROLE_THRESHOLD = 0.6
#: shorter labels ("no", "me") count only when they are the whole name
SHORTEST = 3
#: a label tells a text of which it makes up at least this share
MIN_COVERAGE = 0.2

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LINE_BREAK = re.compile(r"(?<=[^\W\d_])- (?=[a-z])")

_TEXT_KINDS = frozenset({FieldKind.TEXT, FieldKind.ID, FieldKind.ENUM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One meaning that a column can have."""

    #: field of the row; None for a column that the schema does not ask for
    spec: FieldSpec | None
    role: Role | None
    #: comparable label -> how well it tells this target
    labels: dict[str, float]
    #: whether the amounts wanted are without tax; None when the schema does not say
    net: bool | None = None
    #: whether the name of something is asked for, not all that is said of it
    names: bool = False

    @property
    def is_numeric(self) -> bool:
        if self.spec is not None and self.spec.kind in NUMERIC:
            return True
        return self.role in NUMERIC_ROLES and (self.spec is None or self.spec.kind is FieldKind.TEXT)

    @property
    def is_rate(self) -> bool:
        """Per cent."""
        if self.spec is not None and self.spec.kind is FieldKind.PERCENT:
            return True
        return self.role in {Role.TAX_RATE, Role.DISCOUNT}

    @property
    def is_text(self) -> bool:
        """Free text that may run to the next column and wrap."""
        if self.spec is not None:
            return self.spec.kind in _TEXT_KINDS and not self.is_numeric and self.role is not Role.POSITION
        return self.role in {Role.DESCRIPTION, Role.REFERENCE}


@lru_cache(maxsize=16384)
def words_of(text: str) -> tuple[str, ...]:
    """The comparable words of a printed label; a word that was hyphenated at a line's end is joined again."""
    return tuple(_WORD.findall(fold(_LINE_BREAK.sub("", text))))


def label_of(text: str) -> str:
    """A label in the form in which labels are compared."""
    return " ".join(words_of(text))


def targets_of(row: FieldSpec) -> tuple[Target, ...]:
    """Targets for every leaf of `row`, in order, then one for each usual column that it does not ask for."""
    leaves = [child for child in row.children if child.item is None and not child.children]
    roles = _roles_of(leaves)
    asked = tuple(_target(leaf, role) for leaf, role in zip(leaves, roles, strict=True))
    taken = set(roles)
    others = tuple(Target(spec=None, role=role, labels=_usual_labels(role)) for role in Role if role not in taken)
    return asked + others


def _roles_of(leaves: Sequence[FieldSpec]) -> list[Role | None]:
    """The role of each leaf; a role is given once, to the leaf whose name tells it best."""
    told = [_told_role(leaf) for leaf in leaves]
    best: dict[Role, float] = {}
    for role, score in told:
        if role is not None:
            best[role] = max(best.get(role, 0.0), score)
    given: set[Role] = set()
    roles: list[Role | None] = []
    for role, score in told:
        if role is None or role in given or score < best[role]:
            roles.append(None)
        else:
            given.add(role)
            roles.append(role)
    return roles


def _told_role(leaf: FieldSpec) -> tuple[Role | None, float]:
    for texts, weight in (((leaf.name,), 1.0), ((leaf.title, *leaf.aliases), 0.9), ((leaf.description,), 0.7)):
        scored = [
            (weight * label_score(label, printed), role)
            for text in texts
            if (label := label_of(_CAMEL.sub(" ", text)))
            for role in Role
            if _fits(role, leaf.kind)
            for printed in LABELS[role]
            if len(printed) >= SHORTEST or printed == label
        ]
        score, role = max(scored, default=(0.0, None), key=lambda pair: pair[0])
        if score >= ROLE_THRESHOLD * weight:
            return role, score
    return None, 0.0


def _fits(role: Role, kind: FieldKind) -> bool:
    if role in NUMERIC_ROLES:
        return kind in NUMERIC or kind is FieldKind.TEXT
    if role is Role.DATE:
        return kind in {FieldKind.DATE, FieldKind.TEXT}
    if role in {Role.POSITION, Role.REFERENCE}:
        return kind in {FieldKind.TEXT, FieldKind.ID, FieldKind.INTEGER}
    return kind in _TEXT_KINDS


def _target(leaf: FieldSpec, role: Role | None) -> Target:
    labels = _usual_labels(role) if role is not None else {}
    for text in (_CAMEL.sub(" ", leaf.name), leaf.title, *leaf.aliases):
        if label := label_of(text):
            labels[label] = OWN
    return Target(spec=leaf, role=role, labels=labels, net=_net_wanted(leaf), names=_asks_name(leaf, role))


def _asks_name(leaf: FieldSpec, role: Role | None) -> bool:
    said = words_of(_CAMEL.sub(" ", f"{leaf.name} {leaf.title} {leaf.description}"))
    return role is Role.DESCRIPTION and not NAME_WORDS.isdisjoint(said)


def _usual_labels(role: Role) -> dict[str, float]:
    labels = dict.fromkeys((label for label, roles in SECOND_MEANINGS.items() if role in roles), SECOND)
    labels.update(dict.fromkeys(LABELS[role], USUAL))
    return labels


def _net_wanted(leaf: FieldSpec) -> bool | None:
    for text in (leaf.name, leaf.title, leaf.description):
        words = set(words_of(_CAMEL.sub(" ", text)))
        if words & NET_WORDS and not words & GROSS_WORDS:
            return True
        if words & GROSS_WORDS and not words & NET_WORDS:
            return False
    return None


def label_score(text: str, label: str) -> float:
    """How well the words of `text` are told by `label`, 0 to 1: the same, or the label among other words."""
    if text == label or text.replace(" ", "") == label.replace(" ", ""):
        return 1.0
    if f" {label} " in f" {text} ":
        coverage = len(label) / len(text)
        return 0.55 + 0.4 * coverage if coverage >= MIN_COVERAGE else 0.0
    return 0.0


def net_told(words: Iterable[str]) -> bool | None:
    """Whether a column's label says that its amounts are without tax; None when it does not say."""
    said = set(words)
    net, gross = bool(said & NET_WORDS), bool(said & GROSS_WORDS)
    return net if net != gross else None
