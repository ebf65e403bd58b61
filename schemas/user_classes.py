"""A user's pydantic class, imported from the user's folder, also when that has a `schemas` package of its own."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from pydantic import BaseModel

from docproc.domain.errors import SchemaError

_OURS = "schemas"
_IMPORTING = RLock()


def user_class(module: str, name: str, *, folder: Path) -> type[BaseModel]:
    """The class `name` of `module`, looked for in `folder` first."""
    with _IMPORTING, _users_modules(folder):
        try:
            found = getattr(importlib.import_module(module), name, None)
        except ImportError as exc:
            raise SchemaError(f"{module}:{name} cannot be imported from {folder}: {exc}") from exc
    if not (isinstance(found, type) and issubclass(found, BaseModel)):
        raise SchemaError(f"{module}:{name} is no pydantic class.")
    return found


@contextmanager
def _users_modules(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
