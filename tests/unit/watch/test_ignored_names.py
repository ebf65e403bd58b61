"""Which names are no documents."""

import pytest

from docproc.watch.ignoring import is_ignored


@pytest.mark.parametrize(
    "path",
    [
        ".DS_Store",
        "._scan.pdf",
        "sub/.hidden.pdf",
        ".stfolder/x.pdf",
        "@eaDir/scan.pdf/SYNOFILE_THUMB_M.png",
        "#recycle/scan.pdf",
        "System Volume Information/x.pdf",
        "scan.pdf.part",
        "scan.pdf.PARTIAL",
        "scan.pdf.filepart",
        "scan.crdownload",
        "scan.tmp",
        "~$letter.docx",
        ".~lock.letter.odt#",
        "letter.pdf~",
        "scan.lock",
        "Thumbs.db",
        "DESKTOP.INI",
        "scan.pdf.ready",
        "scan.pdf.meta.json",
        "scan.pdf.error.json",
        "docproc-watch.toml",
    ],
)
def test_leftovers_and_our_own_files_are_left_alone(path: str) -> None:
    assert is_ignored(path)


@pytest.mark.parametrize("path", ["scan.pdf", "Größe & 2.PDF", "part.pdf", "sub/ready.pdf", "noextension", "a.json"])
def test_everything_else_may_be_a_document(path: str) -> None:
    assert not is_ignored(path)


def test_patterns_of_the_users_own_are_left_alone_too() -> None:
    assert is_ignored("sub/Draft-1.pdf", ("draft-*",))
    assert not is_ignored("sub/final-1.pdf", ("draft-*",))
