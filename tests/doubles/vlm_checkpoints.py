"""Fixtures: tiny checkpoints of every kind, written once; engines that are closed. Torch waits until it is asked."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docproc.readers.vlm.engine.checkpoint import Checkpoint
    from docproc.readers.vlm.engine.engine import Engine


@pytest.fixture(scope="session")
def models_folder(quiet_torch: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    del quiet_torch
    return tmp_path_factory.mktemp("vlm")


@pytest.fixture(scope="session", params=["nvlm-d", "nvlm-x", "nvlm-h", "qwen3-vl", "internvl"])
def any_model(request: pytest.FixtureRequest, models_folder: Path) -> "Checkpoint":
    from doubles.vlm_engines import opened  # noqa: PLC0415 most tests need no torch

    return opened(request.param, models_folder)


@pytest.fixture(scope="session")
def nvlm_d(models_folder: Path) -> "Checkpoint":
    from doubles.vlm_engines import opened  # noqa: PLC0415

    return opened("nvlm-d", models_folder)


@pytest.fixture
def engine(nvlm_d: "Checkpoint") -> "Iterator[Engine]":
    from doubles.vlm_engines import engine_over  # noqa: PLC0415

    made = engine_over(nvlm_d)
    yield made
    made.close()
