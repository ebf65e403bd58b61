"""Names of files in a container as paths that lead nowhere else; they are labels, nothing is written under them."""

import re

#: what operating systems leave in folders and archives; nobody means it
LEFTOVERS = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db", ".ds_store"})
_LEFTOVER_FOLDER = "__MACOSX"
#: of a whole name, in UTF-8: databases index it
_MOST_BYTES = 255
_DRIVE = re.compile(r"\A[A-Za-z]:")


def is_leftover(name: str) -> bool:
    parts = _parts(name)
    return bool(parts) and (parts[0] == _LEFTOVER_FOLDER or parts[-1].lower() in LEFTOVERS)


def member_path(name: str) -> str:
    """`name` relative and with slashes, without `..`, drive and signs that steer a terminal, cut at its start."""
    path = "/".join(_parts(name)) or "unnamed"
    path = "".join(sign if sign.isprintable() else "_" for sign in path)
    raw = path.encode("utf-8", "replace")[-_MOST_BYTES:]
    return raw.decode("utf-8", "ignore").lstrip("/") or "unnamed"


def _parts(name: str) -> list[str]:
    name = _DRIVE.sub("", name.replace("\\", "/"))
    return [part for part in name.split("/") if part.strip() not in {"", ".", ".."}]


class UniqueNames:
    """Each name once: a second `a.pdf` becomes `a (2).pdf`."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def take(self, name: str) -> str:
        """`name`, or the next free one after it."""
        stem, dot, suffix = name.rpartition(".")
        if not dot or "/" in suffix or not stem:
            stem, dot, suffix = name, "", ""
        number, free = self._last.get(name, 1), name
        while free in self._taken:
            number += 1
            free = f"{stem} ({number}){dot}{suffix}"
        self._last[name] = number
        self._taken.add(free)
        return free
