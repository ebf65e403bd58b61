from collections import Counter
from pathlib import Path

import pytest
from doubles.rabbitmq import has_rabbitmq, running_rabbitmq
from doubles.works import running_works
from kombu.connection import Connection

from docproc.domain.document import JobState

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_rabbitmq(), reason="apt install rabbitmq-server: there is no wheel of it"),
]


def test_a_service_works_over_quorum_queues_and_survives_a_killed_worker(
    postgres_url: str, migrated_postgres: str, tmp_path: Path
) -> None:
    with running_rabbitmq() as url, running_works(postgres_url, migrated_postgres, tmp_path) as works:
        first = works.start_worker(slots=1, broker=url)
        job = works.submit({f"{name}.pdf": ["!nap one", "two", "three"] for name in "ab"})
        works.until(works.reads)
        first.kill()
        works.start_worker(slots=2, broker=url)

        ended = works.until_ended(job)

        assert ended.state is JobState.SUCCEEDED
        # the page that it was at when it was killed is begun again, and no other
        assert Counter(works.reads()).total() == ended.pages.read + 1
        assert _type_of(url, "read.trap") == "quorum"


def _type_of(url: str, queue: str) -> str:
    """A queue can be declared again only as it is."""
    with Connection(url) as connection, connection.channel() as channel:
        channel.queue_declare(queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    return "quorum"
