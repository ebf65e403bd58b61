"""Fixtures: a tiny NVLM-D in the published layout, written once. Torch is imported by those who ask for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from docproc.nvlm import NvlmDForConditionalGeneration, NvlmProcessor


@pytest.fixture(scope="session")
def quiet_torch() -> Iterator[None]:
    """One thread: the suite runs in several processes already."""
    import torch  # noqa: PLC0415 most tests need no torch
    from transformers.utils import logging  # noqa: PLC0415

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def checkpoint(quiet_torch: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from docproc.nvlm.tiny import write_tiny  # noqa: PLC0415

    del quiet_torch
    folder = tmp_path_factory.mktemp("nvlm-d")
    write_tiny(folder)
    return folder


@pytest.fixture(scope="session")
def model(checkpoint: Path) -> "NvlmDForConditionalGeneration":
    from docproc.nvlm import NvlmDForConditionalGeneration  # noqa: PLC0415

    loaded: NvlmDForConditionalGeneration = NvlmDForConditionalGeneration.from_pretrained(checkpoint)
    return loaded


@pytest.fixture(scope="session")
def processor(checkpoint: Path) -> "NvlmProcessor":
    from docproc.nvlm import NvlmProcessor  # noqa: PLC0415

    return NvlmProcessor.from_pretrained(checkpoint)
