"""Descriptions without a file: for how long by the clock of who looks, whatever the drive thinks of the time."""

import os
import time
from pathlib import Path

from docproc.services.ledger_records import Version
from docproc.watch.files_below import FilesBelow
from docproc.watch.orphans import Orphans
from docproc.watch.rules import Rule, Rules

ONE = Version(identity="1", byte_count=2, modified_ns=3)
OTHER = Version(identity="1", byte_count=2, modified_ns=4)


def test_one_is_orphaned_once_it_was_seen_alone_for_long_enough() -> None:
    orphans = Orphans(10.0)
    seen = [orphans.see("a.pdf.meta.json", ONE, now) for now in (100.0, 109.9, 110.0)]
    assert seen == [False, False, True]


def test_the_time_begins_anew_with_another_version_and_when_it_had_its_file_meanwhile() -> None:
    orphans = Orphans(10.0)
    assert not orphans.see("a.pdf.meta.json", ONE, 100.0)
    assert not orphans.see("a.pdf.meta.json", OTHER, 111.0)
    orphans.keep_only({"b.pdf.meta.json"})
    assert not orphans.see("a.pdf.meta.json", OTHER, 122.0)


def test_what_is_remembered_is_bounded_and_the_others_have_their_turn() -> None:
    orphans = Orphans(10.0, most=1)
    assert not orphans.see("a.pdf.meta.json", ONE, 100.0)
    assert not orphans.see("b.pdf.meta.json", ONE, 100.0)
    assert not orphans.see("b.pdf.meta.json", ONE, 200.0), "there was no room to note it"
    orphans.keep_only({"b.pdf.meta.json"})
    assert not orphans.see("b.pdf.meta.json", ONE, 200.0)
    assert orphans.see("b.pdf.meta.json", ONE, 210.0)


def test_a_drive_whose_clock_is_behind_makes_no_orphans(tmp_path: Path) -> None:
    """Both its times are old by the clock of who looks; a test can set the one, and wait for the other."""
    description = tmp_path / "a.pdf.meta.json"
    description.write_text("{}")
    os.utime(description, (0, 0))
    time.sleep(0.4)
    files = FilesBelow(tmp_path, Rules({"": Rule(schema="invoice")}), orphaned_s=0.3)

    assert list(files.look()) == []
    time.sleep(0.4)
    assert [each.path for each in files.look()] == ["a.pdf.meta.json"]
    (tmp_path / "a.pdf").write_text("its file")
    assert [each.path for each in files.look()] == ["a.pdf"]
