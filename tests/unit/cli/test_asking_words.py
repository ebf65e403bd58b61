"""What is told of a job on the command line is held to the rules of the API before anything is sent."""

import pytest

from docproc.cli.asking import asked_of
from docproc.domain.errors import UsageError

SECRET = "0123456789abcdef"  # noqa: S105 guards nothing


def asked(schema="invoice", **told):
    return asked_of(schema, **{"candidates": None, "metadata": None, "callback": None, "secret_file": None, **told})


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\nsomething else\n")
    return file


def test_nothing_said_is_nothing_told():
    assert asked().options == {}


def test_all_that_is_said_is_told(secret):
    found = asked("auto", candidates="invoice, receipt", metadata=["a=1", "b=x=y", "c="], callback="https://e.org/x",
                  secret_file=secret)  # fmt: skip
    assert found.options == {
        "candidates": ["invoice", "receipt"],
        "metadata": {"a": "1", "b": "x=y", "c": ""},
        "callback": "https://e.org/x",
        "callback_secret": SECRET,
    }


@pytest.mark.parametrize(
    ("schema", "told", "said"),
    [
        ("auto", {}, "--candidates"),
        ("auto", {"candidates": "invoice,"}, "two schemas or more"),
        ("invoice", {"candidates": "invoice,receipt"}, "--schema auto"),
        ("invoice", {"metadata": ["novalue"]}, "KEY=VALUE"),
        ("invoice", {"metadata": ["=novalue"]}, "KEY=VALUE"),
        ("invoice", {"metadata": ["a=" + "x" * 20_000]}, "--metadata: metadata has at most"),
        ("invoice", {"metadata": ["a=\udcff"]}, "--metadata: holds a character that cannot be stored"),
        ("invoice", {"callback": "https://e.org/"}, "go together"),
    ],
)
def test_what_no_service_takes_is_refused(schema, told, said):
    with pytest.raises(UsageError, match=said):
        asked(schema, **told)


@pytest.mark.parametrize("words", ["short", "", "sécret-of-many-letters"])
def test_a_secret_that_signs_nothing_is_refused_and_not_said(tmp_path, words):
    file = tmp_path / "secret"
    file.write_text(words)
    with pytest.raises(UsageError, match="--callback-secret") as refused:
        asked(callback="https://e.org/", secret_file=file)
    assert not words or words not in str(refused.value)


def test_a_secret_without_a_callback_or_a_file_that_is_not_there_is_refused(secret, tmp_path):
    with pytest.raises(UsageError, match="go together"):
        asked(secret_file=secret)
    with pytest.raises(UsageError, match="cannot be read"):
        asked(callback="https://e.org/", secret_file=tmp_path / "none")
