"""Whatever a document does to its child, the parent lives and the next document is read."""

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import zlib
from pathlib import Path

import pytest
from doubles.waiting import until

from docproc.domain.errors import CrashedError, TimedOutError, TooLargeError, UnreadableError
from docproc.domain.image import LongestSide
from docproc.intake import Limits
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.services.work_on import LeaveWork

pytestmark = pytest.mark.integration


def texts(source, document):
    with source.open_pages(document) as pages:
        return [word.text for page in pages for word in page.words]


def with_content(document, content):
    """The page of a PDF shows `content`, a stream of drawing orders, and nothing else."""
    packed = zlib.compress(content, 9)
    head = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    page = b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>endobj\n"
    stream = b"4 0 obj<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream endobj\n" % (len(packed), packed)
    document.path.write_bytes(head + page + stream + b"trailer<</Root 1 0 R>>\n%%EOF")
    return document


def child_of(pages):
    """The process that parses a document."""
    assert pages._child is not None
    return pages._child


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_killed_child_fails_one_page_and_the_next_goes_on(make_pdf):
    with ChildPool(size=1) as pool:
        source = DocprocPages(pool)
        with source.open_pages(make_pdf("one", "two", "three", "four", "five", "six")) as pages:
            contents = iter(pages)
            assert next(contents).words[0].text == "one"
            os.kill(child_of(pages).pid, signal.SIGKILL)
            told: list[str | int | None] = []
            while True:
                try:
                    told.append(next(contents).words[0].text)
                except CrashedError as exc:
                    told.append(exc.page)
                except StopIteration:
                    break
        # What was answered before the child died still counts; exactly one page is to blame.
        assert len(told) == 5
        assert len([page for page in told if isinstance(page, int)]) == 1
        assert texts(source, make_pdf("next")) == ["next"]


def test_a_page_that_computes_for_ever_times_out(make_pdf):
    endless = with_content(make_pdf("x"), b"0 0 m 200 200 l S\n" * 3_000_000)
    with ChildPool(size=1, limits=Limits(seconds_per_page=1)) as pool:
        source = DocprocPages(pool)
        with pytest.raises(TimedOutError) as caught:
            texts(source, endless)
        assert caught.value.page == 1
        assert texts(source, make_pdf("next")) == ["next"]


def test_a_child_that_hangs_without_computing_is_killed(make_pdf):
    with ChildPool(size=1, limits=Limits(seconds_per_page=0.2, seconds_per_ocr=0.1, wall_factor=1)) as pool:
        source = DocprocPages(pool)
        with source.open_pages(make_pdf("one")) as pages:
            os.kill(child_of(pages).pid, signal.SIGSTOP)
            with pytest.raises(TimedOutError):
                list(pages)
            assert not child_of(pages).alive


def test_memory_beyond_the_limit_is_refused(make_pdf):
    with ChildPool(size=1, limits=Limits(max_pixels=10**12, memory_bytes=700 << 20)) as pool:
        source = DocprocPages(pool)
        with source.open_pages(make_pdf("x")) as pages, pytest.raises((TooLargeError, CrashedError)):
            list(pages.images(LongestSide(pixels=20_000)))
        assert texts(source, make_pdf("next")) == ["next"]


def test_a_document_of_too_many_pages_is_refused(make_pdf):
    with ChildPool(size=1, limits=Limits(max_pages=2)) as pool, pytest.raises(TooLargeError, match="3 pages"):
        DocprocPages(pool).open(make_pdf("a", "b", "c"))


def test_a_worn_child_is_replaced(make_pdf):
    with ChildPool(size=1, pages_per_child=2) as pool:
        source = DocprocPages(pool)
        pids = []
        for _ in range(3):
            with source.open_pages(make_pdf("a")) as pages:
                list(pages)
                pids.append(child_of(pages).pid)
        assert pids[0] == pids[1] != pids[2]


def test_threads_share_the_children(make_pdf):
    documents = [make_pdf(f"doc{at}") for at in range(6)]
    found = []
    with ChildPool(size=2) as pool:
        source = DocprocPages(pool)
        threads = [
            threading.Thread(target=lambda document=document: found.extend(texts(source, document)))
            for document in documents
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(pool._free) <= 2
    assert sorted(found) == [f"doc{at}" for at in range(6)]


def test_a_page_that_nobody_wants_any_more_is_not_waited_for(make_pdf):
    slow = with_content(make_pdf("x"), b"0 0 m 200 200 l S\n" * 3_000_000)
    with ChildPool(size=1) as pool:
        source = DocprocPages(pool)
        unwanted_from = time.monotonic() + 60

        def checkpoint():
            if time.monotonic() > unwanted_from:
                raise LeaveWork

        with source.open_pages(dataclasses.replace(slow, checkpoint=checkpoint)) as pages:
            unwanted_from = time.monotonic() + 0.5
            with pytest.raises(LeaveWork):
                list(pages)
            assert not child_of(pages).alive
        assert time.monotonic() - unwanted_from < 5
        assert texts(source, make_pdf("next")) == ["next"]


def test_a_half_read_document_leaves_the_child_usable(source, make_pdf):
    with source.open_pages(make_pdf(*"abcdef")) as pages:
        next(iter(pages))
    assert texts(source, make_pdf("next")) == ["next"]


def test_a_new_iteration_ends_the_one_before(source, make_pdf):
    with source.open_pages(make_pdf("a", "b", "c", "d", "e")) as pages:
        first = iter(pages)
        next(first)
        assert [page.number for page in pages] == [1, 2, 3, 4, 5]
        assert list(first) == []


def test_closing_the_pool_ends_every_child(make_pdf):
    pool = ChildPool(size=2)
    pages = DocprocPages(pool).open_pages(make_pdf("a"))
    pid = child_of(pages).pid
    pool.close()
    assert not is_running(pid)
    with pytest.raises(CrashedError):
        list(pages)
    pages.close()


def test_a_child_has_no_network_and_starts_no_program():
    script = textwrap.dedent(
        """
        import os, socket, subprocess
        from docproc.pages import sandbox
        if not sandbox.refuse_calls():
            raise SystemExit(77)
        for attempt in (socket.socket, lambda: subprocess.run(["/bin/true"]), lambda: os.kill(os.getppid(), 0)):
            try:
                attempt()
            except PermissionError:
                continue
            raise SystemExit("it went through")
        """
    )
    status = subprocess.run([sys.executable, "-c", script], check=False).returncode
    if status == 77:
        pytest.skip("this kernel or processor offers no system call filter")
    assert status == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_children_die_with_a_parent_that_is_killed(make_pdf):
    document = make_pdf("a", "b")
    script = textwrap.dedent(
        f"""
        import time
        from pathlib import Path
        from docproc.domain.document import MediaType
        from docproc.pages.pool import ChildPool
        from docproc.pages.source import DocprocPages
        from docproc.pipeline.ports import SourceDocument
        pool = ChildPool(size=1)
        document = SourceDocument(path=Path({str(document.path)!r}), media_type=MediaType.PDF)
        pages = DocprocPages(pool).open_pages(document)
        print(pages._child.pid, flush=True)
        time.sleep(60)
        """
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
        parent.wait()
    until(lambda: not is_running(pid))


def test_a_terminals_interrupt_does_not_reach_a_child(source, make_pdf):
    with source.open_pages(make_pdf("a", "b", "c")) as pages:
        os.kill(child_of(pages).pid, signal.SIGINT)
        assert [page.number for page in pages] == [1, 2, 3]
        assert os.getsid(child_of(pages).pid) != os.getsid(0)


def test_a_file_that_vanishes_before_it_is_opened_is_unreadable(source, make_pdf):
    document = dataclasses.replace(make_pdf("a"), path=Path("/nowhere/a.pdf"))
    with pytest.raises(UnreadableError):
        source.open(document)
