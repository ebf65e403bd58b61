"""The remote reader against transformers' own OpenAI-compatible server: another program's idea of the protocol.

It serves a tiny model that was taught one answer by heart. Needs fastapi, uvicorn and openai beside transformers.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from doubles.documents import text_page
from doubles.waiting import PATIENCE_S

from docproc.domain.errors import DocumentError
from docproc.domain.page import TextSource
from docproc.domain.reading import Route, Window
from docproc.readers.remote.config import RemoteConfig
from docproc.readers.remote.reader import RemoteReader
from docproc.readers.remote.request import messages_of
from docproc.readers.remote.servers import Servers
from schemas.json_schema import compile_json_schema

pytestmark = [pytest.mark.slow, pytest.mark.integration]

_SERVER_STARTS_S = 120
SCHEMA = compile_json_schema(
    {
        "title": "bill",
        "type": "object",
        "properties": {
            "number": {"type": ["string", "null"], "x-docproc": {"kind": "id"}},
            "total": {"type": ["string", "null"], "x-docproc": {"kind": "money"}},
        },
    }
)
BILL = Window(pages=[replace(text_page(1, "Bill R-7 total 12.50"), source=TextSource.TEXT_LAYER)], page_count=1)
ANSWER = '{"number": "R-7", "total": "12.50"}'
_TEMPLATE = (
    "{% for turn in messages %}<|im_start|>{{ turn['role'] }}\n{{ turn['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def teach(folder: Path) -> None:
    """A model of two layers that answers the prompt of `BILL` with `ANSWER`."""
    import torch  # noqa: PLC0415 most tests need no torch
    from transformers import Qwen2Config, Qwen2ForCausalLM  # noqa: PLC0415

    from docproc.nvlm.tiny import tiny_tokenizer  # noqa: PLC0415

    torch.manual_seed(0)
    tokenizer: Any = tiny_tokenizer()
    tokenizer.chat_template = _TEMPLATE
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=8192,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Qwen2ForCausalLM(config)
    prompt = tokenizer.apply_chat_template(
        messages_of(BILL, SCHEMA, Route.TEXT), tokenize=False, add_generation_prompt=True
    )
    asked = tokenizer(prompt)["input_ids"]
    answer = [*tokenizer(ANSWER)["input_ids"], tokenizer.eos_token_id]
    tokens = torch.tensor([asked + answer])
    targets = torch.tensor(answer)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(200):
        logits = model(tokens, logits_to_keep=len(answer) + 1).logits[0, :-1]
        loss = torch.nn.functional.cross_entropy(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.01:
            break
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@pytest.fixture(scope="module")
def model_folder(quiet_torch: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    del quiet_torch
    folder = tmp_path_factory.mktemp("taught")
    teach(folder)
    return folder


@pytest.fixture(scope="module")
def address(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path_factory.mktemp("server") / "log").open("w+b")
    server = subprocess.Popen(
        [
            "env", "HF_HUB_OFFLINE=1", "OMP_NUM_THREADS=1", Path(sys.executable).parent / "transformers", "serve",
            model_folder, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu",
        ],
        stdout=log,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(PATIENCE_S)
        log.close()


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _SERVER_STARTS_S
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    pytest.fail(f"transformers serve did not start; exit code {server.poll()}")


def reader(address: str, model: Path) -> RemoteReader:
    config = RemoteConfig(endpoints=(address,), model=str(model), route=Route.TEXT, timeout_s=120)
    return RemoteReader(config, servers=Servers(config))


def test_a_real_server_reads_a_page(address: str, model_folder: Path) -> None:
    reading = reader(address, model_folder).read(BILL, SCHEMA)

    assert reading.record == json.loads(ANSWER)
    assert reading.attempts == 1
    assert reading.usage.prompt_tokens > 500
    assert reading.usage.output_tokens > 10
    assert reading.hints == {}, "this server gives no log-probabilities"


def test_what_it_says_of_a_page_that_it_was_not_taught_is_judged(address: str, model_folder: Path) -> None:
    other = Window(pages=[text_page(1, "zzzz " * 200)], page_count=1)

    assert outcome(reader(address, model_folder), other) in (["number", "total"], "invalid_answer", "too_large")


def outcome(one: RemoteReader, window: Window) -> list[str] | str:
    """The fields of the record, or the failure's code."""
    try:
        return list(one.read(window, SCHEMA).record)
    except DocumentError as error:
        return error.code.value
