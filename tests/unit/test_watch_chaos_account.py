"""The count of a run of watch_chaos, which must find what it is there to find, and ask for what was promised alone."""

import json
from collections import Counter
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import pytest

BENCH = str(Path(__file__).parents[2] / "bench")


@pytest.fixture(autouse=True)
def chaos_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCH)


def calm(*troubles: tuple[float, float]):
    found = import_module("watch_chaos.calm").Calm(8.0)
    for since, until in troubles:
        found.disturb(since, until)
    return found


@pytest.mark.parametrize(
    ("troubles", "lay", "is_calm"),
    [
        ([], (0, 7.9), False),
        ([], (0, 8), True),
        ([(4, 6)], (0, 13), False),
        ([(4, 6)], (0, 14), True),
        ([(8, 100)], (0, 101), True),
        ([(7, 100)], (0, 107), False),
        ([(4, 6), (2, 9), (12, 13)], (0, 20), False),
        ([(4, 6), (2, 9), (12, 13)], (0, 21), True),
        ([(-5, 30)], (0, 20), False),
        ([(21, 30)], (0, 20), True),
    ],
)
def test_a_stretch_is_calm_between_troubles(
    troubles: list[tuple[float, float]], lay: tuple[float, float], is_calm: bool
) -> None:
    assert calm(*troubles).lies_between(*lay) is is_calm


def test_the_count_finds_what_is_lost_doubled_strange_or_gone(tmp_path: Path) -> None:
    version = import_module("watch_chaos.drops").Version
    outbox, done = tmp_path / "outbox", tmp_path / "done"
    outbox.mkdir()
    done.mkdir()
    contents = {name: name.encode() for name in ("taken", "lost", "twice", "brief", "late", "half", "gone")}
    sums = {name: sha256(content).hexdigest() for name, content in contents.items()}
    for name in ("taken", "twice", "half", "gone"):
        (outbox / f"{name}.json").write_text(json.dumps({"document": {"sha256": sums[name]}}))
        if name != "gone":
            (done / f"{name}.pdf").write_bytes(contents[name])
    (outbox / "taken.pdf.meta.json").write_text("no JSON")
    (outbox / "1-twice.json").write_text(json.dumps({"document": {"sha256": sums["twice"]}}))
    ends = {"brief": 5.0, "late": 9.0}
    versions = [
        version(sha256=sums[name], how=name, stood_at=0.0, ended_at=ends.get(name))
        for name in contents
        if name != "half"
    ]

    found = import_module("watch_chaos.account").account(
        versions, calm=calm(), outboxes=[outbox], originals=[done], handed_in=Counter()
    )

    assert [line.partition(":")[0] for line in found.lost] == ["lost", "late"]
    assert [line.partition(":")[0] for line in found.doubled] == ["twice"]
    assert found.strange == [sums["half"]]
    assert [line.partition(":")[0] for line in found.originals_lost] == ["gone"]
    assert (found.owed, found.owed_ended) == (5, 1)
    assert not found.is_clean


@pytest.mark.parametrize("stays", [False, True])
def test_a_run_that_lost_every_original_is_not_clean(tmp_path: Path, stays: bool) -> None:
    version = import_module("watch_chaos.drops").Version
    outbox, done = tmp_path / "outbox", tmp_path / "done"
    outbox.mkdir()
    done.mkdir()
    (outbox / "a.json").write_text(json.dumps({"document": {"sha256": "1"}}))

    found = import_module("watch_chaos.account").account(
        [version(sha256="1", how="plain", stood_at=0.0)],
        calm=calm(),
        outboxes=[outbox],
        originals=[] if stays else [done],
        handed_in=Counter(),
    )

    assert found.is_clean is stays


@pytest.mark.parametrize(
    ("kills", "owed_ended", "why"), [(0, 5, "killed"), (5, 0, "was owed"), (0, 0, "killed"), (1, 1, None)]
)
def test_a_run_without_a_death_or_with_nothing_owed_that_ended_proves_nothing(
    kills: int, owed_ended: int, why: str | None
) -> None:
    found = import_module("watch_chaos.account").Account(owed_ended=owed_ended).proves_nothing(kills=kills)
    assert why in found if why is not None else found is None


def test_a_seed_that_asks_for_two_file_systems_is_refused_on_one(tmp_path: Path) -> None:
    small_disk = import_module("watch_chaos.small_disk")
    with pytest.raises(small_disk.NotMetError, match="one file system"):
        small_disk.require_two(tmp_path, tmp_path)
