"""A user's pydantic class, imported from the user's folder, also when that has a `schemas` package of its own.

docproc's own `schemas` stays what it is for everybody else: the user's modules take its place only while they are
imported. What their package lacks they find in ours, so that `from schemas.base import SchemaBody` works there too.
"""

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from threading import RLock
from types import ModuleType

from pydantic import BaseModel

from docproc.domain.errors import SchemaError

_OURS = "schemas"
_OUR_FOLDER = Path(__file__).resolve().parent
_IMPORTING = RLock()


def user_class(module: str, name: str, *, folder: Path) -> type[BaseModel]:
    """The class `name` of `module`, looked for in `folder` first. Raises SchemaError when there is none."""
    with _IMPORTING, _first_on_path(folder), _hidden(_OURS, folder), _hidden(module.partition(".")[0], folder):
        found = _imported(module, name, folder)
    if not (isinstance(found, type) and issubclass(found, BaseModel)):
        raise SchemaError(f"{module}:{name} is not a pydantic class.")
    return found


def _imported(module: str, name: str, folder: Path) -> object:
    try:
        found = getattr(importlib.import_module(module), name)
        if isinstance(found, type) and issubclass(found, BaseModel):
            found.model_rebuild()  # names that the class mentions are looked up among the user's modules, now or never
    except (ImportError, SyntaxError, AttributeError, NameError, TypeError, ValueError) as exc:
        raise SchemaError(f"{module}:{name} cannot be imported from {folder}: {type(exc).__name__}: {exc}") from exc
    return found


@contextmanager
def _first_on_path(folder: Path) -> Iterator[None]:
    """Look in `folder` first; afterwards last, so that what the user's code imports later is still found."""
    place = str(folder)
    sys.path.insert(0, place)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(place)
        if place not in sys.path:
            sys.path.append(place)


@contextmanager
def _hidden(top: str, folder: Path) -> Iterator[None]:
    """Let the user's module or package `top` take the place of one that is loaded from elsewhere, for a while."""
    own = folder / top
    if top not in sys.modules or not _is_users(own) or _loaded_from(sys.modules[top], folder):
        yield
        return
    if top == _OURS:
        _load_all_of_ours()
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == top}
    for name in before:
        if name == top or _exists(own.joinpath(*name.split(".")[1:])):
            del sys.modules[name]
    if top == _OURS and not (own / "__init__.py").is_file() and own.is_dir():
        sys.modules[top] = _namespace(own, before[top])
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == top]:
            del sys.modules[name]
        sys.modules.update(before)


def _namespace(own: Path, ours: ModuleType) -> ModuleType:
    """The user's folder without `__init__.py` as a package: Python itself would prefer ours, which has one."""
    spec = ModuleSpec(_OURS, None, is_package=True)
    spec.submodule_search_locations = [str(own)]
    package = module_from_spec(spec)
    package.__dict__["__getattr__"] = partial(getattr, ours)  # PEP 562
    return package


def _load_all_of_ours() -> None:
    """Ours, before they are hidden: loaded later they would find the user's modules in place of their own."""
    for module in pkgutil.iter_modules([str(_OUR_FOLDER)], prefix=f"{_OURS}."):
        importlib.import_module(module.name)


def _is_users(own: Path) -> bool:
    return _exists(own) and own.resolve() != _OUR_FOLDER


def _exists(place: Path) -> bool:
    """A module or a package of that name."""
    return place.is_dir() or place.with_name(place.name + ".py").is_file()


def _loaded_from(module: ModuleType, folder: Path) -> bool:
    places = [getattr(module, "__file__", None) or "", *getattr(module, "__path__", ())]
    return any(place and Path(place).resolve().is_relative_to(folder) for place in places)
