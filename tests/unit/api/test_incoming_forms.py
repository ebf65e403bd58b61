"""A form as it arrives, in pieces of any size; what is none is said to be none."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docproc.api.incoming import IncomingForm, forget_old, receive_bytes, receive_form
from docproc.domain.errors import TooLargeError, UsageError

BODY = (
    b'--b\r\nContent-Disposition: form-data; name="schema"\r\n\r\ninvoice\r\n'
    b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n%PDF-a\r\n\r\n--b-\r\n\r\n'
    b'--b\r\nContent-Disposition: form-data; name="files"; filename="b.pdf"\r\n'
    b"Content-Type: application/pdf\r\n\r\n\r\n"
    b"--b--\r\n"
)
FORM = "multipart/form-data; boundary=b"


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def receive(
    folder: Path, body: bytes = BODY, *, kind: str = FORM, size: int = 1000, max_bytes: int = 1000
) -> IncomingForm:
    return asyncio.run(receive_form(pieces(body, size), kind, folder=folder, max_bytes=max_bytes))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40)
@given(size=st.integers(1, len(BODY)))
def test_files_and_fields_are_the_same_however_they_arrive(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    form = receive(tmp_path_factory.mktemp("form"), size=size)
    assert form.fields == {"schema": "invoice"}
    assert [(file.name, file.path.read_bytes()) for file in form.files] == [
        ("a.pdf", b"%PDF-a\r\n\r\n--b-\r\n"),
        ("b.pdf", b""),
    ]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (BODY, "text/plain"),
        (BODY, "multipart/form-data"),
        (BODY[:-5], FORM),
        (BODY[:200], FORM),
        (b"hello", FORM),
        (b"", FORM),
        (b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", FORM),
        (b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\nx\r\n--b--\r\n', FORM),
        (b'--b\r\nContent-Disposition: form-data; name="pages"\r\n\r\n1\r\n' * 2 + b"--b--\r\n", FORM),
        (b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\xff\r\n--b--\r\n', FORM),
    ],
)
def test_what_is_no_whole_form_is_refused(tmp_path: Path, body: bytes, kind: str) -> None:
    with pytest.raises(UsageError):
        receive(tmp_path, body, kind=kind)


def test_a_file_beyond_the_limit_is_refused_before_its_end(tmp_path: Path) -> None:
    with pytest.raises(TooLargeError):
        receive(tmp_path, max_bytes=10)
    with pytest.raises(TooLargeError):
        asyncio.run(receive_bytes(pieces(BODY, 7), tmp_path / "one", max_bytes=10))


def test_a_name_leads_nowhere(tmp_path: Path) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="files"; filename="../../x"\r\n\r\n1\r\n--b--\r\n'
    (file,) = receive(tmp_path, body).files
    assert file.path.parent == tmp_path
    assert file.name == "../../x"


def test_what_died_long_ago_is_forgotten(tmp_path: Path) -> None:
    for name, age_s in (("old", 100_000), ("new", 10)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0").write_bytes(b"x")
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    forget_old(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
