"""Print what an extra of docproc brings, at the versions of this environment: `pinned.py service,vlm`."""

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def main() -> int:
    """Write a constraints file to standard output."""
    extras = sys.argv[1].split(",") if len(sys.argv) > 1 else []
    sys.stdout.write(pinned(extras))
    return 0


def pinned(extras: list[str]) -> str:
    """The text of a constraints file. Raises KeyError for an extra that docproc has not."""
    versions = dict(sorted(_closure(_asked_for(extras))))
    lines = [f"{name}=={version}\n" for name, version in versions.items()]
    return "".join([f"# written by scripts/pinned.py {','.join(extras)}: change it there\n", *lines])


def _asked_for(extras: list[str]) -> list[Requirement]:
    """What pyproject.toml says; the installed docproc may be an older one."""
    project = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]
    texts = [*project["dependencies"]]
    for extra in extras:
        texts += project["optional-dependencies"][extra]
    return [Requirement(text) for text in texts]


def _closure(rest: list[Requirement]) -> Iterator[tuple[str, str]]:
    seen: set[tuple[str, frozenset[str]]] = set()
    while rest:
        asked = rest.pop()
        name, extras = canonicalize_name(asked.name), frozenset(asked.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            found = distribution(name)
        except PackageNotFoundError:  # of another machine, such as the libraries of a GPU
            continue
        # a build for one kind of machine (`+cpu`) is no version that others could ask for
        yield name, re.sub(r"\+.*", "", found.version)
        rest += [each for each in map(Requirement, found.requires or ()) if _applies(each, extras)]


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""})


if __name__ == "__main__":
    sys.exit(main())
