"""How soon a worker lets go of what it is at, in seconds: for a machine that has nothing else to do."""

import signal
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from doubles.canceling import cancel_while_a_server_answers, cancel_while_recognising
from doubles.delivery import Depot
from doubles.leaving import at_a_checkpoint, one_in_hand_and_one_in_line
from doubles.openai_server import Reply, openai_server, status, trickled
from doubles.postgres import empty_database
from doubles.remote_reading import GOOD, read
from doubles.works import Works, running_works

from docproc.domain.errors import TimedOutError
from docproc.storage.database import Database
from workers.keeper import ROLE_S

pytestmark = [pytest.mark.slow, pytest.mark.integration]


@pytest.fixture
def works(postgres_url: str, migrated_postgres: str, tmp_path: Path) -> Iterator[Works]:
    with running_works(postgres_url, migrated_postgres, tmp_path) as works:
        yield works


def test_a_worker_that_is_told_to_end_hands_back_what_waits_at_a_checkpoint_within_two_seconds(works: Works) -> None:
    reading, document = at_a_checkpoint(works)

    reading.signal(signal.SIGTERM)

    works.until(lambda: works.pages(document.id)[0].facts.state != "leased", seconds=2.0)
    assert works.stalled(document.id) == [0]


def test_another_worker_hands_out_work_within_the_time_that_the_role_lasts(works: Works) -> None:
    first = works.start_worker("read.trap", slots=1)  # alone, so it has the role
    works.start_worker(slots=1)
    first.kill()

    works.submit({"a.pdf": ["one"]})

    works.until(works.reads, seconds=ROLE_S + 5)


def test_canceling_gives_up_the_answer_of_a_server_within_two_seconds(works: Works) -> None:
    with openai_server() as server:
        server.replies(trickled(GOOD * 1000, pause_s=0.05))
        served = replace(works, environment={**works.environment, "DOCPROC_REMOTE_ENDPOINTS": f'["{server.url}"]'})
        served.start_worker("prepare", "assemble")
        served.start_worker("read.remote", slots=1, pool="threads")
        job = served.submit({"a.pdf": ["Total 12.50"]}, reader="remote")
        served.until(lambda: server.asked)
        served.stores.jobs.cancel(job.id)
        assert server.given_up.wait(2.0)


def test_canceling_frees_a_busy_slot_within_a_second(works: Works) -> None:
    busy, _ = one_in_hand_and_one_in_line(works)

    works.stores.jobs.cancel(busy.id)

    works.until(lambda: len(works.reads()) == 2, seconds=1.5)  # the next one has to come from the broker as well


def test_a_slot_that_recognises_a_page_is_free_within_a_second_of_a_cancel(
    postgres_url: str, migrated_postgres: str, tmp_path: Path
) -> None:
    with empty_database(postgres_url, template=migrated_postgres) as url, closing(Database.open(url)) as database:
        freed_after_s, _ = cancel_while_recognising(Depot(database, tmp_path), tmp_path)
    assert freed_after_s < 1


@pytest.mark.parametrize("reply", [trickled(GOOD * 1000, pause_s=0.05), status(429, headers={"Retry-After": "30"})])
def test_a_canceled_window_is_given_up_within_a_second(reply: Reply) -> None:
    with openai_server() as server:
        server.replies(reply)
        assert cancel_while_a_server_answers(server) < 1


def test_an_answer_that_trickles_is_given_up_at_the_time_limit() -> None:
    with openai_server() as server:
        server.replies(trickled(GOOD * 1000, pause_s=0.05))
        began = time.monotonic()
        with pytest.raises(TimedOutError):
            read(server, timeout_s=0.6)
        assert time.monotonic() - began < 2.5  # it is asked twice
