"""Extraction schemas: the ones that come with docproc, and the way to a user's own."""

from schemas.json_schema import check_json_schema
from schemas.loading import load_schema, schema_to_send
from schemas.registry import names
from schemas.support import SchemaCheck, Verdict

__all__ = ["SchemaCheck", "Verdict", "check_json_schema", "load_schema", "names", "schema_to_send"]
