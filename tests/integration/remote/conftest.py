"""A model server for each test."""

from collections.abc import Iterator

import pytest
from doubles.openai_server import OpenAiServer, openai_server


@pytest.fixture
def server() -> Iterator[OpenAiServer]:
    with openai_server() as running:
        yield running
