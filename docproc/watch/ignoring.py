"""Which names are no documents: leftovers of systems, downloads under way, locks, our own files. Pure."""

import re
from fnmatch import translate
from functools import lru_cache
from pathlib import PurePosixPath

READY, META, ERROR = ".ready", ".meta.json", ".error.json"

#: begins the name of a file that is on its way to another file system; hidden, so that nobody takes it
PARKED = ".docproc-"

#: folders of systems, synchronisers and network drives; hidden ones are left out anyway
FOLDERS = frozenset(
    {
        "@eadir", "#recycle", "#snapshot", "$recycle.bin", "system volume information", "lost+found",
        "__macosx", "recycler", "@recycle",
    }
)  # fmt: skip
#: compared without case; hidden files (.DS_Store, .nfs…, .fuse_hidden…, .~lock…) are left out anyway
PATTERNS: tuple[str, ...] = (
    # being written or downloaded
    "*.part", "*.partial", "*.filepart", "*.crdownload", "*.opdownload", "*.download", "*.tmp", "*.temp", "*.!ut",
    "*.aria2", "*.upload", "*.uploading", "*.incomplete",
    # of editors and office programs
    "~$*", "*~", "*.swp", "*.swx", "*.lock", "*.lck",
    # of systems
    "thumbs.db", "desktop.ini", "ehthumbs.db",
    # our own
    f"*{READY}", f"*{META}", f"*{ERROR}", "docproc-watch.toml", "docproc.toml",
)  # fmt: skip


def is_ignored_folder(name: str) -> bool:
    """Nothing below it is looked at."""
    return name.startswith(".") or name.lower() in FOLDERS


def is_ignored_file(name: str, more: tuple[str, ...] = ()) -> bool:
    """`more` are patterns of the user's own, as `*` and `?` mean them."""
    return name.startswith(".") or _matches(name, PATTERNS + more)


def is_ignored(path: str, more: tuple[str, ...] = ()) -> bool:
    """A path below the place."""
    *folders, name = PurePosixPath(path).parts
    return any(map(is_ignored_folder, folders)) or is_ignored_file(name, more)


def is_description(path: str, more: tuple[str, ...] = ()) -> bool:
    """Of a file that need not be there."""
    if not path.endswith(META):
        return False
    *folders, name = PurePosixPath(path).parts
    hidden = name.startswith(".") or any(map(is_ignored_folder, folders))
    return not hidden and not _matches(name, more)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return bool(patterns) and _any_of(patterns).match(name.lower()) is not None


@lru_cache
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One for all, for every file of a look is held to it."""
    return re.compile("|".join(translate(pattern.lower()) for pattern in patterns))
