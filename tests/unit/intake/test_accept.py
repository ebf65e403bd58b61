"""A file is hashed, counted and named while it streams."""

import hashlib
import os
from pathlib import Path

import pytest

from docproc.domain.document import MediaType
from docproc.domain.errors import EmptyError, TooLargeError, UnreadableError
from docproc.intake import Limits, accept


def test_a_file_is_known_by_the_hash_of_all_its_bytes(tmp_path):
    content = b"%PDF-1.7\n" + os.urandom(3_000_000)
    (tmp_path / "a.jpg").write_bytes(content)
    accepted = accept(tmp_path / "a.jpg", Limits())
    assert accepted.sha256 == hashlib.sha256(content).hexdigest()
    assert accepted.byte_count == len(content)
    assert accepted.media_type is MediaType.PDF


def test_the_end_of_a_long_file_counts_for_a_pdf_without_header(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"1 0 obj <<>> endobj\n" + b" " * 3_000_000 + b"trailer %%EOF")
    assert accept(path, Limits()).media_type is MediaType.PDF


def test_a_file_over_the_limit_is_refused_while_it_is_read(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"%PDF-" + b"x" * 100)
    with pytest.raises(TooLargeError):
        accept(path, Limits(max_bytes=50))


def test_a_device_or_pipe_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/zero"), tmp_path / "pipe"):
        with pytest.raises(UnreadableError, match="regular"):
            accept(path, Limits())


def test_an_empty_file_is_empty(tmp_path):
    path = tmp_path / "a"
    path.touch()
    with pytest.raises(EmptyError):
        accept(path, Limits())


def test_a_vanished_file_is_unreadable_and_may_be_tried_again(tmp_path):
    with pytest.raises(UnreadableError) as caught:
        accept(tmp_path / "gone.pdf", Limits())
    assert caught.value.retryable


def test_a_folder_is_unreadable(tmp_path):
    with pytest.raises(UnreadableError, match="folder"):
        accept(tmp_path, Limits())
