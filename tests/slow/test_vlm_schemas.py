"""Every schema that comes with docproc, read by every kind of model: a record that is valid, or said to be cut off."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from doubles.bill_pages import bill_window
from doubles.vision_checkpoints import write_internvl, write_qwen3_vl
from jsonschema import Draft202012Validator

from docproc.decoding.profile import decoding_form
from docproc.domain.issues import IssueCode
from docproc.nvlm import NvlmHConfig, NvlmXConfig
from docproc.nvlm.tiny import write_tiny
from docproc.readers.vlm.config import VlmConfig
from docproc.readers.vlm.reader import VlmReader
from schemas import load_schema
from schemas.registry import SHIPPED

pytestmark = pytest.mark.slow
# NVLM-D reads them all in tests/integration/models
WRITERS: dict[str, Callable[[Path], object]] = {
    "nvlm-x": partial(write_tiny, kind=NvlmXConfig),
    "nvlm-h": partial(write_tiny, kind=NvlmHConfig),
    "qwen3-vl": write_qwen3_vl,
    "internvl": write_internvl,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_shipped_schema_gives_a_valid_record_with_every_kind_of_model(
    kind: str, quiet_torch: None, tmp_path: Path
) -> None:
    del quiet_torch
    WRITERS[kind](tmp_path)
    reader = VlmReader(VlmConfig(model=tmp_path, device="cpu", answer_tokens=250))
    schemas = [load_schema(name) for name in SHIPPED]
    asked = bill_window(1, reader.image)

    with ThreadPoolExecutor(len(schemas)) as threads:
        readings = list(threads.map(lambda schema: reader.read(asked, schema), schemas))
    reader.close()

    for schema, reading in zip(schemas, readings, strict=True):
        assert not list(Draft202012Validator(decoding_form(schema)).iter_errors(reading.record))
        assert not [issue for issue in schema.check_shape(reading.record) if issue.code is IssueCode.WRONG_SHAPE]
        assert {issue.code for issue in reading.issues} <= {IssueCode.TRUNCATED}
