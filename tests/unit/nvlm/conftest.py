"""A tiny NVLM-D in the published layout, written once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor
from transformers.utils import logging

from docproc.nvlm import NvlmDForConditionalGeneration, NvlmProcessor
from docproc.nvlm.tiny import write_tiny


@pytest.fixture(scope="session", autouse=True)
def quiet_torch() -> Iterator[None]:
    """One thread: the suite runs in several processes already."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nvlm-d")
    write_tiny(folder)
    return folder


@pytest.fixture(scope="session")
def model(checkpoint: Path) -> NvlmDForConditionalGeneration:
    model: NvlmDForConditionalGeneration = AutoModelForImageTextToText.from_pretrained(checkpoint)
    return model


@pytest.fixture(scope="session")
def processor(checkpoint: Path) -> NvlmProcessor:
    processor: NvlmProcessor = AutoProcessor.from_pretrained(checkpoint)
    return processor
