"""An invoice into the record of any schema that has fields for it: each field gets the value of its role, or null."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from math import isnan, nan
from operator import attrgetter

from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, JsonValue, Record, Shape
from docproc.readers.einvoice.invoice import Invoice
from docproc.readers.einvoice.names import words_of
from docproc.readers.einvoice.roles import HEADER, TABLES, Form, Role, Scope
from docproc.values.numbers import canonical
from docproc.values.text import key

#: a schema is one for invoices when it asks for one of these
_TELLING = frozenset({"number", "order_number", "totals.gross", "totals.due", "totals.net"})
#: a table of unknown name is taken for the one that at least so many of its columns belong to
_TELLING_COLUMNS = 2
#: wide enough for any number that the XML reader lets through
_EXACT = Context(prec=64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The roles of one level's fields, by field path within that level; tables by path as well."""

    roles: Mapping[str, Role]
    tables: Mapping[str, tuple[Scope, "Binding"]]


def bind(schema: ExtractionSchema) -> Binding:
    """What the fields of `schema` mean on an invoice."""
    return _bind(schema.fields, HEADER)


def is_for_invoices(schema: ExtractionSchema) -> bool:
    """Does the schema ask for anything that makes an invoice an invoice? Mere labels do not count: they are many."""
    return any(
        (role := HEADER.role_of(words_of(*group, name), _leaf_kind(spec))) is not None and role.path in _TELLING
        for _, (*group, own), spec in _leaves(schema.fields)
        for name in (own, spec.title)
        if name
    )


def fields_of(binding: Binding, role_path: str) -> tuple[str, ...]:
    """The paths of the document's fields that have this role."""
    return tuple(path for path, role in binding.roles.items() if role.path == role_path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """An invoice under a schema."""

    record: Record
    #: field paths of the numbers that the XML states in a form nobody can read; null in the record
    unreadable: tuple[str, ...]


def mapped(invoice: Invoice, schema: ExtractionSchema, binding: Binding) -> Mapped:
    """Every field of the schema, null where the invoice says nothing."""
    record = _group(invoice, schema.fields, binding, prefix="")
    unreadable: list[str] = []
    settled = {name: _settled(value, name, unreadable) for name, value in record.items()}
    return Mapped(record=settled, unreadable=tuple(unreadable))


def _settled(value: JsonValue, path: str, unreadable: list[str]) -> JsonValue:
    """The value with null for every number that is none, whose paths are added to `unreadable`."""
    if isinstance(value, dict):
        return {name: _settled(inner, f"{path}.{name}", unreadable) for name, inner in value.items()}
    if isinstance(value, list):
        return [_settled(inner, f"{path}[{index}]", unreadable) for index, inner in enumerate(value)]
    if isinstance(value, float) and isnan(value):
        unreadable.append(path)
        return None
    return value


def _bind(specs: Sequence[FieldSpec], scope: Scope) -> Binding:
    leaves = list(_leaves(specs))
    roles: dict[str, Role] = {}
    # a field's own name outranks the labels of another one, so names go first
    for path, names, spec in leaves:
        role = scope.role_of(words_of(*names), _leaf_kind(spec))
        if role is not None:
            roles[path] = role
    taken = {role.path for role in roles.values()}
    for path, names, spec in leaves:
        if path not in roles:
            role = _role_by_label(names[:-1], spec, scope)
            if role is not None and role.path not in taken:
                roles[path] = role
                taken.add(role.path)
    tables = {path: found for path, spec in _tables(specs) if (found := _table(spec)) is not None}
    return Binding(roles=_with_details(roles), tables=tables)


def _leaves(
    specs: Sequence[FieldSpec], path: str = "", names: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...], FieldSpec]]:
    """Leaves and lists of leaves below, each with its path and the names that lead to it."""
    for spec in specs:
        below = f"{path}.{spec.name}" if path else spec.name
        if spec.shape is Shape.GROUP:
            yield from _leaves(spec.children, below, (*names, spec.name))
        elif not spec.is_table:
            yield below, (*names, spec.name), spec


def _tables(specs: Sequence[FieldSpec], path: str = "") -> Iterator[tuple[str, FieldSpec]]:
    for spec in specs:
        below = f"{path}.{spec.name}" if path else spec.name
        if spec.shape is Shape.GROUP:
            yield from _tables(spec.children, below)
        elif spec.is_table:
            yield below, spec


def _leaf_kind(spec: FieldSpec) -> FieldKind:
    return spec.item.kind if spec.item is not None else spec.kind


def _role_by_label(group: tuple[str, ...], spec: FieldSpec, scope: Scope) -> Role | None:
    kind = _leaf_kind(spec)
    for label in (spec.title, *spec.aliases):
        role = scope.role_of(words_of(*group, label), kind) if label else None
        if role is not None:
            return role
    return None


def _table(spec: FieldSpec) -> tuple[Scope, Binding] | None:
    """The table of an invoice that `spec` means: by its name, else by its columns."""
    columns = spec.item.children if spec.item is not None else ()
    words = words_of(spec.name)
    for scope in TABLES:
        if any(words == words_of(name) for name in scope.names):
            return scope, _bind(columns, scope)
    guesses = ((scope, _bind(columns, scope)) for scope in TABLES)
    scope, binding = max(guesses, key=lambda guess: len(guess[1].roles))
    return (scope, binding) if len(binding.roles) >= _TELLING_COLUMNS else None


def _with_details(roles: dict[str, Role]) -> dict[str, Role]:
    """Where a row has both a name and a description, the description is the longer text, not the name again."""
    if "name" not in {role.path for role in roles.values()}:
        return roles
    details = Role("details", Form.TEXT, ())
    return {path: details if role.path == "description" else role for path, role in roles.items()}


def _group(source: object, specs: Sequence[FieldSpec], binding: Binding, *, prefix: str) -> Record:
    return {
        spec.name: _value(source, spec, binding, path=f"{prefix}.{spec.name}" if prefix else spec.name)
        for spec in specs
    }


def _value(source: object, spec: FieldSpec, binding: Binding, *, path: str) -> JsonValue:
    if spec.shape is Shape.GROUP:
        return _group(source, spec.children, binding, prefix=path)
    if spec.is_table:
        return _rows(source, spec, binding, path=path)
    role = binding.roles.get(path)
    if spec.item is not None:
        entry = None if role is None else _leaf(attrgetter(role.path)(source), spec.item, role)
        return [] if entry is None else [entry]
    return None if role is None else _leaf(attrgetter(role.path)(source), spec, role)


def _rows(source: object, spec: FieldSpec, binding: Binding, *, path: str) -> list[JsonValue]:
    found = binding.tables.get(path)
    if found is None or spec.item is None:
        return []
    scope, columns = found
    # a table within a table may ask for what only the document has
    rows = getattr(source, scope.table, ())
    return [_group(row, spec.item.children, columns, prefix="") for row in rows]


def _leaf(value: object, spec: FieldSpec, role: Role) -> JsonValue:
    if isinstance(value, Decimal):
        return _number(value, spec, role)
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str) or not value.strip():
        return None
    if spec.kind is FieldKind.ENUM:
        return _option(value, spec)
    if spec.kind in {FieldKind.IBAN, FieldKind.VAT_ID, FieldKind.CURRENCY}:
        return "".join(value.split()).upper()
    return " ".join(value.split())


def _number(value: Decimal, spec: FieldSpec, role: Role) -> JsonValue:
    """Amounts keep two decimals where they have them; other trailing zeros are padding of the XML."""
    if value.is_nan():
        return nan  # no JSON number: told from all others until the record is whole
    whole = value == value.to_integral_value()
    if spec.json_number:
        return int(value) if whole else float(value)
    kept = 2 if role.form is Form.AMOUNT else 0
    exponent = value.normalize().as_tuple().exponent
    places = max(min(kept, _places(value)), -exponent if isinstance(exponent, int) else 0, 0)
    return canonical(value.quantize(Decimal(1).scaleb(-places), context=_EXACT))


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _option(value: str, spec: FieldSpec) -> str | None:
    """The option that says the same; else one that says it less exactly (`invoice` for a corrected invoice)."""
    wanted = key(value)
    same = (option for option in spec.options if key(option) == wanted)
    wider = (option for option in spec.options if key(option) and key(option) in wanted)
    return next(same, None) or next(wider, None)
