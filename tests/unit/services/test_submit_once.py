"""The same request under the same key is the same job; anything else that is asked for is another request."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from doubles.documents import accept_text, text_schema
from doubles.stores import memory_stores

from docproc.domain.errors import ConflictError
from docproc.domain.ids import new_id
from docproc.services.job_context import schema_version
from docproc.services.ports import Stores
from docproc.services.records import Job, JobOptions, NewJob
from docproc.services.submit import SubmittedFile
from docproc.services.submit_once import request_sha256, submit_once


def asked(folder: Path, **changes: object) -> NewJob:
    job = NewJob(
        id=new_id(),
        schema=schema_version(text_schema()),
        options=JobOptions(keep_originals=True),
        inputs=(str(folder),),
        queue="read.cpu",
    )
    return replace(job, **changes)  # type: ignore[arg-type]


def written(folder: Path, **texts: str) -> list[SubmittedFile]:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [SubmittedFile(path=folder / name, name=name) for name in texts]


@pytest.fixture
def stores() -> Stores:
    return memory_stores()


@pytest.fixture
def submitted(stores: Stores) -> Callable[..., Job]:
    return lambda job, files, key="k": submit_once(stores, job, files, accept=accept_text, key=key)


def test_sent_again_it_is_the_same_job(submitted: Callable[..., Job], stores: Stores, tmp_path: Path) -> None:
    files = written(tmp_path / "in", a="one", b="two")
    first = submitted(asked(tmp_path / "in"), files)
    elsewhere = submitted(asked(tmp_path / "copy"), written(tmp_path / "copy", a="one", b="two"))

    assert elsewhere.id == first.id
    assert elsewhere.documents.total == 2
    assert len(stores.jobs.newest()) == 1


def test_without_a_key_each_is_a_job(submitted: Callable[..., Job], tmp_path: Path) -> None:
    files = written(tmp_path / "in", a="one")

    assert submitted(asked(tmp_path), files, None).id != submitted(asked(tmp_path), files, None).id


def test_an_interrupted_submission_goes_on(submitted: Callable[..., Job], stores: Stores, tmp_path: Path) -> None:
    files = written(tmp_path / "in", a="one", b="two")

    def interrupted(_: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        submit_once(stores, asked(tmp_path), files, accept=interrupted, key="k")  # type: ignore[arg-type]
    with pytest.raises(ConflictError, match="other paths"):
        submitted(asked(tmp_path / "copy"), written(tmp_path / "copy", a="one", b="two"))
    (started,) = stores.jobs.newest()
    done = submitted(asked(tmp_path), files)

    assert (done.id, done.documents.total) == (started.id, 2)
    assert done.submitted_at is not None


def test_another_password_under_the_same_key_is_ignored_and_one_where_none_was_is_another_request(
    submitted: Callable[..., Job], stores: Stores, tmp_path: Path
) -> None:
    files = written(tmp_path / "in", a="one")
    sealed = asked(tmp_path / "in", options=JobOptions(keep_originals=True, passwords=True), passwords=("first",))
    first = submitted(sealed, files)

    assert submitted(replace(sealed, id=new_id(), passwords=("second",)), files).id == first.id
    assert stores.passwords.of(first.id) == ("first",)
    with pytest.raises(ConflictError):
        submitted(asked(tmp_path / "in"), files)


def test_other_bytes_under_the_same_key_are_refused(submitted: Callable[..., Job], tmp_path: Path) -> None:
    submitted(asked(tmp_path), written(tmp_path / "in", a="one"))

    with pytest.raises(ConflictError, match="another request"):
        submitted(asked(tmp_path), written(tmp_path / "in", a="other"))


@pytest.mark.parametrize(
    "change",
    [
        {"priority": 1},
        {"external_id": "x"},
        {"metadata": {"a": 1}},
        {"options": JobOptions(keep_originals=True, pages=((1, 2),))},
        {"schema": schema_version(text_schema(description="other"))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_is_asked_for_belongs_to_the_request(change: dict[str, object], tmp_path: Path) -> None:
    files = written(tmp_path / "in", a="one")

    assert request_sha256(asked(tmp_path, **change), files) != request_sha256(asked(tmp_path), files)


def test_names_belong_to_it_and_paths_do_not(tmp_path: Path) -> None:
    here, there = written(tmp_path / "in", a="one"), written(tmp_path / "copy", a="one")
    renamed = [SubmittedFile(path=here[0].path, name="b")]
    gone = [SubmittedFile(path=tmp_path / "gone", name="a")]
    job = asked(tmp_path)

    assert request_sha256(job, here) == request_sha256(job, there)
    assert len({request_sha256(job, files) for files in (here, renamed, gone)}) == 3
