"""What the arguments of the command line mean: files, page ranges, passwords."""

from pathlib import Path

import pytest

from docproc.cli.files import find_files
from docproc.cli.passwords import read_passwords
from docproc.domain.errors import UsageError
from docproc.services.page_ranges import LAST_PAGE, parse_ranges


def names(*arguments: Path, recursive: bool = False) -> list[str]:
    return [found.name for found in find_files(arguments, recursive=recursive)]


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for name in ("b.pdf", "a.pdf", ".hidden.pdf", "Thumbs.db", "sub/c.pdf", ".git/d.pdf"):
        (tmp_path / "box" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "box" / name).write_bytes(b"x")
    return tmp_path / "box"


def test_a_folder_stands_for_its_files_in_name_order(box: Path) -> None:
    assert names(box) == ["a.pdf", "b.pdf"]


def test_recursive_enters_sub_folders_and_names_files_relative_to_the_argument(box: Path) -> None:
    assert names(box, recursive=True) == ["a.pdf", "b.pdf", "sub/c.pdf"]


def test_a_hidden_file_that_is_named_is_meant(box: Path) -> None:
    assert names(box / ".hidden.pdf") == [".hidden.pdf"]


def test_a_file_named_twice_is_one_file(box: Path) -> None:
    assert names(box / "a.pdf", box, box / "a.pdf") == ["a.pdf", "b.pdf"]


def test_a_loop_of_links_ends(box: Path) -> None:
    (box / "sub" / "loop").symlink_to(box)

    assert names(box, recursive=True) == ["a.pdf", "b.pdf", "sub/c.pdf"]


def test_a_missing_argument_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: no such file or folder"):
        names(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        (None, None),
        ("7", ((7, 7),)),
        ("1-3,7", ((1, 3), (7, 7))),
        (" 2 - 4 ".replace(" ", ""), ((2, 4),)),
        ("10-", ((10, LAST_PAGE),)),
    ],
)
def test_page_ranges_read_as_people_write_them(text: str | None, ranges: object) -> None:
    assert parse_ranges(text) == ranges


@pytest.mark.parametrize("text", ["", "0", "3-1", "a", "1,,2", "-3", "1-2-3"])
def test_a_wrong_page_range_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="pages"):
        parse_ranges(text)


def test_passwords_are_tried_in_the_order_of_their_lines(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("one\n\ntwo words\n")

    assert read_passwords(tmp_path / "p") == ("one", "two words")


def test_an_unreadable_password_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--password-file"):
        read_passwords(tmp_path / "none")
