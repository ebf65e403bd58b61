"""Which fields of a schema play which part in an account: net, tax, gross, lines, days. Tells by names and kinds."""

from collections.abc import Sequence

from docproc.domain.schema import FieldSpec
from schemas.rules import Rule


def rules_for(fields: Sequence[FieldSpec]) -> tuple[Rule, ...]:
    """The cross-field checks that a schema's fields suggest."""
    return ()
