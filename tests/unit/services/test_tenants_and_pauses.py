"""Names that tenants and queues may have; every change of them is noted with who made it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from docproc.domain.errors import UsageError
from docproc.services.create_tenant import create_tenant
from docproc.services.pausing import pause_queue, pause_tenant, require_queue
from docproc.services.upkeep_records import WHOLE_SERVICE, Deed
from docproc.services.work_records import Pauses


@dataclass
class Book:
    """A tenant store and an audit that remember."""

    made: list[str] = field(default_factory=list)
    paused: dict[str, bool] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)

    def create(self, name: str) -> None:
        self.made.append(name)

    def names(self) -> Sequence[str]:
        return self.made

    def pause_tenant(self, name: str, *, paused: bool) -> None:
        self.paused[name] = paused

    def pause_queue(self, queue: str, *, paused: bool) -> None:
        self.paused[queue] = paused

    def pauses(self) -> Pauses:
        return Pauses()

    def forget_old_keys(self) -> int:
        return 0

    def note(self, deed: Deed) -> None:
        self.deeds.append(deed)


@pytest.mark.parametrize("name", ["acme", "acme.eu-1", "A_1", "a" * 64])
def test_a_tenant_is_created_and_noted(name: str) -> None:
    book = Book()
    create_tenant(book, name, by="ada", audit=book)

    assert book.made == [name]
    assert book.deeds == [Deed(tenant=name, actor="ada", action="tenant.create", subject=name)]


@pytest.mark.parametrize("name", ["", "../etc", "a/b", "a b", "-a", "docproc", "a" * 65, "ä"])
def test_a_name_that_no_blob_key_could_hold_names_no_tenant(name: str) -> None:
    book = Book()
    with pytest.raises(UsageError, match="cannot name a tenant"):
        create_tenant(book, name, by="ada", audit=book)
    assert (book.made, book.deeds) == ([], [])


def test_pauses_are_noted_with_whose_they_are() -> None:
    book = Book()
    pause_tenant(book, "acme", paused=True, by="ada", audit=book)
    pause_queue(book, "read.cpu", paused=False, by="ada", audit=book)

    assert book.paused == {"acme": True, "read.cpu": False}
    assert [(deed.tenant, deed.action) for deed in book.deeds] == [
        ("acme", "tenant.pause"),
        (WHOLE_SERVICE, "queue.resume"),
    ]


@pytest.mark.parametrize("name", ["prepare", "assemble", "export", "read.cpu", "read.nvlm-d-72b"])
def test_steps_and_readers_have_queues(name: str) -> None:
    require_queue(name)


@pytest.mark.parametrize("name", ["", "read", "read.", "raed.cpu", "prepare,read.cpu"])
def test_nothing_else_has(name: str) -> None:
    with pytest.raises(UsageError, match="names no queue"):
        require_queue(name)
