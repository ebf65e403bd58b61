"""Counters over processes that die, the folder that they count in, and what answers probes; no service is needed."""

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest
from doubles.waiting import PATIENCE_S

from workers.counting_folder import counting_folder
from workers.probes import HANGS_AFTER_S, Probes, Pulse

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
_COUNT = """
import logging, os, signal, sys
from docproc.observability import event
from workers.metrics import begin_counting
begin_counting(sys.argv[1])
log = logging.getLogger("docproc.x")
for _ in range(int(sys.argv[2])):
    event(log, "task_started", step="read")
    event(log, "task_done", step="read", outcome="done", seconds=0.2)
    event(log, "document_ended", state="succeeded", code=None, pages=1, seconds=1.0, since_submission=1.5)
    cost = {"prompt_tokens": 9, "output_tokens": 4, "tiles": 7}
    event(log, "window_read", pages=2, reader="layout", reader_seconds=0.5, reused=False, **cost)
    event(log, "window_read", pages=1, reader="layout", reader_seconds=0.5, reused=True, **dict.fromkeys(cost, 0))
    event(log, "asked_in_vain", reader="vlm", reader_seconds=0.5, **cost)
    event(log, "window_mended", page=1, reader="vlm", reader_seconds=0.25, **cost)
    event(log, "document_prepared", pages=4, blank=1, failed=0)
    event(log, "page_failed", page=1, code="corrupt")
    event(log, "page_drawn", page=1, byte_count=1000)
    event(log, "leases_swept", freed=2, given_up=1)
    event(log, "messages_lost", tasks=5)
    event(log, "dispatched", tasks=7)
    event(log, "delivered", status=204)
    event(log, "delivery_put_off", status=None)
    event(log, "delivery_put_off", status=500)
    event(log, "delivery_given_up", status=500)
    for action in ("lease_lost", "internal_error", "store_unreachable", "alarm_lost", "broker_unreachable"):
        event(log, action)
    event(log, "password_sealed", error="", seconds=1.0)
os.kill(os.getpid(), signal.SIGKILL)
"""
_SHOW = """
import sys
from pathlib import Path
from workers.metrics import exposition
sys.stdout.buffer.write(exposition(Path(sys.argv[1]), lambda: None))
"""


def python(code: str, *arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": "/usr/bin:/bin", "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)


def shown(folder: Path) -> Mapping[str, float]:
    lines = python(_SHOW, str(folder), folder=folder).stdout.splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def test_what_a_killed_process_counted_stays_and_its_successor_counts_on(tmp_path: Path) -> None:
    for place, times in (("slot-0", "2"), ("slot-0", "3"), ("slot-1", "1")):
        ended = python(_COUNT, place, times, folder=tmp_path)
        assert ended.returncode == -signal.SIGKILL, ended.stderr

    found = shown(tmp_path)

    assert len(list(tmp_path.glob("*.db"))) == 4
    assert {name: value for name, value in found.items() if "_bucket" not in name} == {
        'docproc_attempts_total{step="read"}': 6,
        'docproc_tasks_total{outcome="done",step="read"}': 6,
        'docproc_step_seconds_count{step="read"}': 6,
        'docproc_step_seconds_sum{step="read"}': pytest.approx(1.2),
        'docproc_pages_total{state="read"}': 18,
        'docproc_pages_total{state="blank"}': 6,
        'docproc_pages_total{state="failed"}': 6,
        'docproc_pages_reused_total{reader="layout"}': 6,
        'docproc_documents_total{state="succeeded"}': 6,
        "docproc_document_seconds_count": 6,
        "docproc_document_seconds_sum": 9,
        'docproc_reader_seconds_total{reader="layout"}': 3,
        'docproc_reader_seconds_total{reader="vlm"}': 4.5,
        'docproc_reader_tokens_total{kind="prompt",reader="vlm"}': 108,
        'docproc_reader_tokens_total{kind="output",reader="vlm"}': 48,
        'docproc_reader_tiles_total{reader="vlm"}': 84,
        'docproc_reader_tokens_total{kind="prompt",reader="layout"}': 54,
        'docproc_reader_tokens_total{kind="output",reader="layout"}': 24,
        'docproc_reader_tiles_total{reader="layout"}': 42,
        "docproc_page_images_total": 6,
        "docproc_page_image_bytes_total": 6000,
        "docproc_dispatched_tasks_total": 42,
        'docproc_deliveries_total{outcome="delivered"}': 6,
        'docproc_deliveries_total{outcome="put_off"}': 12,
        'docproc_deliveries_total{outcome="given_up"}': 6,
        "docproc_lost_messages_total": 30,
        'docproc_swept_leases_total{outcome="freed"}': 12,
        'docproc_swept_leases_total{outcome="given_up"}': 6,
        "docproc_lost_leases_total": 6,
        "docproc_internal_errors_total": 6,
        "docproc_documents_rested_total": 6,
        "docproc_store_errors_total": 12,
        "docproc_broker_errors_total": 6,
    }
    assert found['docproc_step_seconds_bucket{le="0.25",step="read"}'] == 6
    assert found['docproc_step_seconds_bucket{le="0.1",step="read"}'] == 0


def test_outcomes_that_an_alert_waits_for_are_told_before_the_first_one(tmp_path: Path) -> None:
    """From nothing to 1 Prometheus sees no increase."""
    python("from workers.metrics import begin_counting; begin_counting('slot-0')", folder=tmp_path)

    assert shown(tmp_path)['docproc_deliveries_total{outcome="given_up"}'] == 0


def test_the_folder_of_a_killed_worker_is_removed_by_the_next_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from workers.counting_folder import counting_folder
with counting_folder(Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    python(code, str(tmp_path), folder=tmp_path)
    left = list(tmp_path.iterdir())

    with counting_folder(tmp_path) as living, counting_folder(tmp_path) as other:
        assert sorted(tmp_path.iterdir()) == sorted([living, other])
    assert len(left) == 1
    assert not list(tmp_path.iterdir())


def answer(probes: Probes, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{probes.port}{path}", timeout=PATIENCE_S) as found:
            return found.status, found.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def test_probes_say_what_is_the_matter() -> None:
    with Probes(
        ("127.0.0.1", 0), metrics=lambda: b"one 1\n", health=dict, ready=lambda: {"broker": "is away"}
    ) as probes:
        assert answer(probes, "/metrics") == (200, b"one 1\n")
        assert answer(probes, "/health?verbose") == (200, b'{"status": "good", "troubles": {}}\n')
        assert answer(probes, "/ready") == (503, b'{"status": "trouble", "troubles": {"broker": "is away"}}\n')
        assert answer(probes, "/etc/passwd")[0] == 404


def test_a_loop_that_no_longer_comes_round_is_found() -> None:
    now = 0.0
    pulse = Pulse(clock=lambda: now)
    pulse.beat("keeper")
    pulse.beat("presence")

    now = HANGS_AFTER_S + 1
    pulse.beat("presence")

    assert pulse.troubles() == {"keeper": "silent for 91 s"}


def test_a_port_that_is_taken_is_told_as_such() -> None:
    with (
        Probes(("127.0.0.1", 0), metrics=bytes, health=dict, ready=dict) as probes,
        pytest.raises(OSError, match="use"),
    ):
        Probes(("127.0.0.1", probes.port), metrics=bytes, health=dict, ready=dict)
