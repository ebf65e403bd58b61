"""Names in containers as paths that lead nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docproc.intake.member_names import UniqueNames, is_leftover, member_path


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a/b.pdf", "a/b.pdf"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\Users\\x\\a.pdf", "Users/x/a.pdf"),
        ("\\\\server\\share\\a.pdf", "server/share/a.pdf"),
        ("a/./b//c.pdf", "a/b/c.pdf"),
        ("a/.. /b.pdf", "a/b.pdf"),
        ("a\n\x1b[2Jb.pdf", "a__[2Jb.pdf"),
        ("\u202egpj.exe", "_gpj.exe"),
        ("", "unnamed"),
        ("../..", "unnamed"),
        ("Müller/Überweisung.pdf", "Müller/Überweisung.pdf"),
    ],
)
def test_a_name_leads_nowhere_else(name, path):
    assert member_path(name) == path


@given(st.text(max_size=600))
def test_any_name_is_a_short_relative_path(name):
    path = member_path(name)
    assert path
    assert not path.startswith("/")
    assert ".." not in path.split("/")
    assert path.isprintable()
    assert 0 < len(path.encode()) <= 255


def test_a_long_name_keeps_its_end():
    assert member_path("x" * 1000 + ".pdf").endswith("xxx.pdf")


@pytest.mark.parametrize("name", ["__MACOSX/._a.pdf", ".DS_Store", "scans/Thumbs.db", "a\\desktop.ini"])
def test_what_an_operating_system_left_is_nobodys_document(name):
    assert is_leftover(name)


@pytest.mark.parametrize("name", ["a.pdf", "MACOSX/a.pdf", ".hidden.pdf", "a/__MACOSX.pdf"])
def test_anything_else_is_somebodys_document(name):
    assert not is_leftover(name)


def test_a_name_that_is_taken_is_numbered():
    names = UniqueNames()
    taken = [names.take(name) for name in ("a.pdf", "a.pdf", "a (2).pdf", "a.pdf", "b/x", "b/x", "c.d/x", "c.d/x")]
    assert taken == ["a.pdf", "a (2).pdf", "a (2) (2).pdf", "a (3).pdf", "b/x", "b/x (2)", "c.d/x", "c.d/x (2)"]


def test_ten_thousand_equal_names_are_numbered_quickly():
    names = UniqueNames()
    assert len({names.take("a.pdf") for _ in range(10_000)}) == 10_000
