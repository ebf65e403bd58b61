"""How the files of a place are read: one rule for the place, others for folders in it. Pure; reads no file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any


class Duplicates(StrEnum):
    """What happens to a file whose bytes were read before."""

    #: it gets records, which say whose bytes these are
    FLAG = "flag"
    #: it is put away without records
    SKIP = "skip"
    #: it gets records like any other
    PROCESS = "process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How files of one folder are read."""

    #: as `--schema` takes it
    schema: str
    reader: str = "auto"
    day_first: bool | None = None
    #: tried in this order; in the clear they are nowhere but here
    passwords: tuple[str, ...] = field(default=(), repr=False)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: a file is taken when `NAME.ready` lies beside it, and not before
    trigger: bool = False
    #: of the folder in the settings; names the rule
    folder: str = ""

    @property
    def read_as(self) -> str:
        """The same for rules that make the same of a file."""
        told = [self.schema, self.reader, self.day_first, dict(self.metadata)]
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Rules:
    """The rule for each file: that of the deepest folder that has one."""

    #: by folder below the place with `/`; "" is the place itself
    by_folder: Mapping[str, Rule]

    def of(self, path: str) -> Rule | None:
        """None when nobody said how the file is to be read; such a file is left alone."""
        # the key of an object may go on with a slash behind the prefix
        for parent in PurePosixPath(path.lstrip("/")).parents:
            rule = self.by_folder.get("" if str(parent) == "." else str(parent))
            if rule is not None:
                return rule
        return None

    def concern(self, folder: str) -> bool:
        """Whether files in it, or in a folder of it, are to be read."""
        inner = f"{folder}/"
        return self.of(inner + "*") is not None or any(each.startswith(inner) for each in self.by_folder)
