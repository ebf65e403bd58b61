"""The codes of all errors are documented, and none is used twice without need."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from docproc.domain.errors import DocprocError

DOCS = Path(__file__).parents[2] / "docs"


def kinds(root: type[DocprocError] = DocprocError) -> Iterator[type[DocprocError]]:
    yield root
    for kind in root.__subclasses__():
        yield from kinds(kind)


@pytest.mark.parametrize("code", sorted({str(kind.code) for kind in kinds()}))
def test_every_code_of_an_error_is_documented(code: str) -> None:
    assert f"`{code}`" in (DOCS / "errors.md").read_text()
