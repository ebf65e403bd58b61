"""Tiny checkpoints of every kind, written once; engines that are closed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from vlm_doubles import KINDS, engine_over, opened

from docproc.readers.vlm.engine.checkpoint import Checkpoint
from docproc.readers.vlm.engine.engine import Engine


@pytest.fixture(scope="session")
def models_folder(quiet_torch: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    del quiet_torch
    return tmp_path_factory.mktemp("vlm")


@pytest.fixture(scope="session", params=KINDS)
def any_model(request: pytest.FixtureRequest, models_folder: Path) -> Checkpoint:
    return opened(request.param, models_folder)


@pytest.fixture(scope="session")
def nvlm_d(models_folder: Path) -> Checkpoint:
    return opened("nvlm-d", models_folder)


@pytest.fixture
def engine(nvlm_d: Checkpoint) -> Iterator[Engine]:
    made = engine_over(nvlm_d)
    yield made
    made.close()
