"""What the command line and docproc-watch.toml say of a place, checked and put together. Opens no place.

The file says where records go and which schema, which may be code, reads what: it never lies in the watched folder,
where whoever drops files could change it.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from docproc.domain.errors import UsageError
from docproc.services.storable import storable_tree
from docproc.watch.outbox import require_outside
from docproc.watch.rules import Duplicates, Rule, Rules

T = TypeVar("T")

FILE_NAME = "docproc-watch.toml"
#: bytes; it is part of every index
_LONGEST_PLACE = 500
_NO_OUTBOX = "docproc watch needs an outbox for the records: --outbox DIR, or `outbox` in docproc-watch.toml"


class FolderSettings(BaseModel):
    """How files of one folder are read; what is left out is as in the folder above."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # not `schema`: that is a method of pydantic's
    schema_name: Annotated[str | None, Field(alias="schema")] = None
    reader: str | None = None
    date_order: Literal["dmy", "mdy", "ymd"] | None = None
    password_file: Path | None = None
    metadata: Annotated[dict[str, Any], AfterValidator(storable_tree)] = {}
    trigger: bool | None = None


class WatchSettings(FolderSettings):
    """Every key of docproc-watch.toml; docs/watch.md says what each is for."""

    outbox: Path | None = None
    place: str | None = None
    settle_seconds: Annotated[float, Field(ge=0, le=3600)] = 5.0
    rescan_seconds: Annotated[float, Field(gt=0, le=86400)] = 30.0
    duplicates: Duplicates = Duplicates.FLAG
    in_place: bool = False
    processing: Path = Path("processing")
    done: Path = Path("done")
    failed: Path = Path("failed")
    ignore: tuple[str, ...] = ()
    folders: dict[str, FolderSettings] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPlan:
    """A place to watch, with everything that was said of it."""

    #: the folder; None: a prefix of a bucket
    root: Path | None
    #: URL of the bucket and the prefix
    bucket: str | None = None
    #: by which the ledger knows it, on every machine that watches it
    place: str
    outbox: Path
    settings: WatchSettings
    rules: Rules

    def below(self, folder: Path) -> Path:
        """A folder of ours: below the watched one, unless it is absolute."""
        return folder if self.root is None else self.root / folder

    @property
    def shown(self) -> str:
        """The place, for people."""
        return self.place if self.root is None else str(self.root)


def load_watch_settings(file: Path | None, root: Path | None, given: Mapping[str, object]) -> WatchSettings:
    """Of the file, with what was given on the command line before it. Raises UsageError."""
    told: dict[str, Any] = {}
    if file is not None:
        if root is not None:
            _require_elsewhere(file, root)
        told = _absolute(_read(file), file.absolute().parent)
    told |= {name: value for name, value in given.items() if value is not None}
    try:
        return WatchSettings.model_validate(told)
    except ValidationError as exc:
        found = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in exc.errors())
        raise UsageError(f"{file or FILE_NAME}: {found}") from None


def plan(root: Path, settings: WatchSettings, *, data_dir: Path) -> WatchPlan:
    """Raises UsageError for what cannot be watched so."""
    root = tidied(root)
    if settings.outbox is None:
        raise UsageError(_NO_OUTBOX)
    outbox = settings.outbox.absolute()
    require_outside(root, outbox, what="outbox")
    require_outside(root, data_dir, what="data folder")
    return WatchPlan(
        root=root,
        place=place_of_folder(root, settings),
        outbox=outbox,
        settings=settings,
        rules=_rules(settings),
    )


def plan_bucket(url: str, settings: WatchSettings) -> WatchPlan:
    """Raises UsageError for what cannot be watched so."""
    if settings.outbox is None:
        raise UsageError(_NO_OUTBOX)
    for name in ("done", "failed"):
        folder = PurePosixPath(getattr(settings, name))
        if folder.is_absolute() or not folder.parts or ".." in folder.parts:
            raise UsageError(f"`{name}` is a prefix below the watched one: {folder} is none")
    return WatchPlan(
        root=None,
        bucket=url,
        place=place_of_bucket(url, settings),
        outbox=settings.outbox.absolute(),
        settings=settings,
        rules=_rules(settings),
    )


def place_of_folder(root: Path, settings: WatchSettings) -> str:
    """By which the ledger knows it. Raises UsageError."""
    return _place_of(settings.place or str(tidied(root)))


def tidied(folder: Path) -> Path:
    """One spelling for one folder: absolute, and without `..`. A link keeps its name: it may lead elsewhere soon."""
    spelled = folder.absolute()
    plain = Path(os.path.normpath(spelled))
    try:
        # behind a link `..` is not where the link lies
        return plain if plain == spelled or plain.samefile(spelled) else spelled.resolve()
    except OSError:  # it is not there
        return plain


def place_of_bucket(url: str, settings: WatchSettings) -> str:
    """By which the ledger knows it: the URL without its options, which may differ from machine to machine."""
    return _place_of(settings.place or url.partition("?")[0].rstrip("/"))


def _place_of(name: str) -> str:
    """Raises UsageError."""
    if len(os.fsencode(name)) > _LONGEST_PLACE:
        raise UsageError(f"a place is called by at most {_LONGEST_PLACE:,} bytes: give it a shorter name with --place")
    return name


def _rules(settings: WatchSettings) -> Rules:
    """Each folder's own words before those of the folders above it."""
    folders = {name.strip("/"): told for name, told in settings.folders.items()}
    rules = {}
    for folder in ("", *sorted(folders)):
        above = [settings, *(folders[name] for name in sorted(folders) if _holds(name, folder))]
        rule = _rule(folder, above)
        if rule is not None:
            rules[folder] = rule
    if not rules:
        raise UsageError("docproc watch needs --schema, or folders with schemas in docproc-watch.toml")
    return Rules(rules)


def _holds(outer: str, inner: str) -> bool:
    return outer != "" and (inner == outer or inner.startswith(f"{outer}/"))


def _rule(folder: str, told: Sequence[FolderSettings]) -> Rule | None:
    """Of all that apply, the innermost last."""
    schema = _last(each.schema_name for each in told)
    if schema is None:
        return None
    order = _last(each.date_order for each in told)
    metadata = {name: value for each in told for name, value in each.metadata.items()}
    return Rule(
        schema=schema,
        reader=_last(each.reader for each in told) or "auto",
        day_first={"dmy": True, "mdy": False}.get(order or ""),
        passwords=_passwords(_last(each.password_file for each in told)),
        metadata=metadata,
        trigger=bool(_last(each.trigger for each in told)),
        folder=folder,
    )


def _last(values: Iterable[T | None]) -> T | None:
    found = [value for value in values if value is not None]
    return found[-1] if found else None


def _passwords(file: Path | None) -> tuple[str, ...]:
    if file is None:
        return ()
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"password_file {file}: cannot be read: {type(exc).__name__}") from exc
    return tuple(line for line in lines if line)


def _require_elsewhere(file: Path, root: Path) -> None:
    if root.resolve() in file.resolve().parents:
        raise UsageError(
            f"{file} lies in the watched folder, where whoever drops files could change where records go: "
            "keep it elsewhere and name it with --config"
        )


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
        raise UsageError(f"{file}: cannot be read: {exc}") from exc


def _absolute(told: dict[str, Any], base: Path) -> dict[str, Any]:
    """Paths of the file are meant from where it lies; a schema that is a file there is that file."""
    found = dict(told)
    for name in ("outbox", "password_file"):
        if isinstance(found.get(name), str):
            found[name] = str(base / found[name])
    if isinstance(found.get("schema"), str) and (base / found["schema"]).is_file():
        found["schema"] = str(base / found["schema"])
    folders = found.get("folders")
    if isinstance(folders, dict):
        found["folders"] = {
            name: _absolute(each, base) if isinstance(each, dict) else each for name, each in folders.items()
        }
    return found
