"""Workers that read with a model behind a server: whole jobs, and a document that is canceled while it answers."""

import json
from dataclasses import replace

import pytest
from doubles.openai_server import Body, Reply, openai_server, said, status, trickled
from doubles.waiting import PATIENCE_S
from doubles.works import Works

from docproc.domain.document import JobState

pytestmark = pytest.mark.integration

ANSWER = json.dumps({"pairs": [{"key": "Total", "value": "12.50"}]})


def test_documents_are_read_by_a_server_and_every_page_is_accounted_for(works: Works) -> None:
    with openai_server() as server:
        server.reply = _sometimes_busy
        served = replace(works, environment={**works.environment, "DOCPROC_REMOTE_ENDPOINTS": f'["{server.url}"]'})
        served.start_worker("prepare", "assemble")
        served.start_worker("read.remote", slots=4, pool="threads")
        job = served.submit({f"{name}.pdf": ["Total 12.50"] * 2 for name in "abcd"}, reader="remote")
        ended = served.until_ended(job)

    assert ended.state is JobState.SUCCEEDED
    assert (ended.pages.total, ended.pages.read) == (8, 8)
    assert {body["model"] for body in server.asked} == {"tiny"}


def test_the_processor_reads_first_and_the_model_what_is_left(works: Works) -> None:
    with openai_server() as server:
        server.replies(said(ANSWER))
        told = {"DOCPROC_REMOTE_ENDPOINTS": f'["{server.url}"]', "DOCPROC_REMOTE_ROUTE": "vision"}
        served = replace(works, environment={**works.environment, **told})
        served.start_worker("prepare", "assemble", "read.cpu")
        served.start_worker("read.remote", slots=4, pool="threads")
        job = served.submit(
            {"sure.pdf": ["Total: 12.50\nNumber: A-7"], "unsure.pdf": ["nothing to be found"]}, reader="auto"
        )
        ended = served.until_ended(job)

    read = {place: served.pages(served.document(job, place).id)[0].facts.reader for place in (0, 1)}
    assert ended.state is JobState.SUCCEEDED
    assert read == {0: "layout", 1: "remote"}
    assert ["image_url" in json.dumps(body["messages"]) for body in server.asked] == [True]


def _sometimes_busy(told: Body, number: int) -> Reply:
    del told
    return status(429, headers={"Retry-After": "0.1"}) if number % 3 == 0 else said(ANSWER)


def test_canceling_gives_up_an_answer(works: Works) -> None:
    with openai_server() as server:
        server.replies(trickled(ANSWER * 1000, pause_s=0.05))
        served = replace(works, environment={**works.environment, "DOCPROC_REMOTE_ENDPOINTS": f'["{server.url}"]'})
        served.start_worker("prepare", "assemble")
        served.start_worker("read.remote", slots=1, pool="threads")
        job = served.submit({"a.pdf": ["Total 12.50"]}, reader="remote")
        served.until(lambda: server.asked)
        served.stores.jobs.cancel(job.id)

        assert server.given_up.wait(PATIENCE_S)
        assert served.until_ended(job).state is JobState.CANCELED
