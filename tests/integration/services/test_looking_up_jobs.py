"""Which jobs there are, and whether somebody works on them."""

from pathlib import Path

import pytest
from doubles.jobs import Workplace

from docproc.services.list_jobs import list_jobs
from docproc.services.ports import Stores
from docproc.services.working import working

pytestmark = pytest.mark.integration


@pytest.fixture
def place(stores: Stores, tmp_path: Path) -> Workplace:
    return Workplace(stores, tmp_path)


def test_jobs_are_found_by_the_beginning_of_their_id(place: Workplace) -> None:
    jobs = [place.submit({f"{index}": "1"}) for index in range(3)]
    find = place.stores.jobs.find
    for job in jobs:
        assert list(find(str(job.id))) == list(find(job.id.hex.upper())) == [job.id]
        assert job.id in find(str(job.id)[:9], limit=3)
    assert len(find(str(jobs[0].id)[0], limit=2)) == 2
    assert [list(find(odd)) for odd in ("", "-", "xyz", "%", "f" * 40, "ffffffff")] == [[]] * 6
    assert list(find(str(jobs[0].id), tenant="another")) == []


def test_a_list_of_jobs_does_not_load_their_schemas(place: Workplace) -> None:
    job = place.submit({"a": "1"})
    assert place.stores.jobs.get(job.id).schema.json_schema
    listed = list_jobs(place.stores)[0]
    assert (listed.schema.json_schema, listed.schema.label) == ({}, job.schema.label)


def test_a_job_is_worked_on_while_a_lease_stands_whose_holder_may_live(place: Workplace) -> None:
    idle, local, strange, late = (place.submit({name: "1"}) for name in "abcd")
    jobs = [job.id for job in (idle, local, strange, late)]
    with place.owners.enter() as me:
        place.claim(local, owner=me.name)
        place.claim(strange, owner="another-machine")
        place.claim(late, owner="another-machine", lease_s=-1)
        assert working(place.stores, jobs, owners=place.owners) == {local.id, strange.id}
    assert working(place.stores, jobs, owners=place.owners) == {strange.id}
