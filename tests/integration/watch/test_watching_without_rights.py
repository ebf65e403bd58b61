"""Files and folders that a watcher may not read: told for as long as it lasts, and read once they may be."""

import pytest
from doubles.watching import Watched, until

from docproc.services.ledger_records import Trouble
from docproc.watch.rules import Rule, Rules

pytestmark = pytest.mark.integration


def test_a_file_that_may_not_be_read_waits_until_it_may(watched_without_rights: Watched) -> None:
    watched = watched_without_rights
    file = watched.drop("a.pdf")
    file.chmod(0)
    with watched.watching():
        until(lambda: watched.ledger.counts().troubles == {Trouble.NO_PERMISSION: 1})
        file.chmod(0o600)
        until(lambda: watched.records == ["a.pdf"])


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_a_folder_that_may_not_be_looked_into_is_told_until_it_may(
    watched_without_rights: Watched, caplog: pytest.LogCaptureFixture, mode: int, in_place: bool
) -> None:
    watched = watched_without_rights
    watched.in_place = in_place
    folder = watched.drop("customer b/a.pdf").parent
    watched.drop("other.pdf", "other")
    folder.chmod(mode)
    try:
        with watched.watching() as (watcher,):
            until(lambda: watcher.tally.put_off[Trouble.NO_PERMISSION] > 2)
            assert [each.path for each in watched.ledger.waiting(limit=9)] == ["customer b/"]
            until(lambda: watched.records == ["other.pdf"])
            assert watcher.tally.place_is_there
            folder.chmod(0o700)
            until(lambda: watched.records == ["customer b/a.pdf", "other.pdf"])
            until(lambda: not watched.ledger.counts().troubles)
    finally:
        folder.chmod(0o700)
    told = [record.getMessage() for record in caplog.records]
    assert sum("cannot be looked into" in each for each in told) == 1, "once while it lasts"


@pytest.mark.parametrize("becomes", ["nothing", "a file"])
def test_a_shut_folder_that_is_deleted_is_in_trouble_no_more(watched_without_rights: Watched, becomes: str) -> None:
    watched = watched_without_rights
    folder = watched.root / "customer b"
    folder.mkdir(mode=0)
    with watched.watching() as (watcher,):
        until(lambda: watched.ledger.counts().troubles == {Trouble.NO_PERMISSION: 1})
        folder.rmdir()
        if becomes == "a file":
            watched.drop("customer b")
        until(lambda: not watched.ledger.counts().open)
    assert watcher.tally.put_off.keys() == {Trouble.NO_PERMISSION}


def test_a_folder_that_nobody_wants_read_may_stay_shut() -> None:
    rules = Rules({"a": Rule(schema="invoice"), "b/c": Rule(schema="invoice")})

    concerned = {folder for folder in ("a", "a/x", "b", "b/c", "b/d", "other") if rules.concern(folder)}
    assert concerned == {"a", "a/x", "b", "b/c"}
