"""Drafts change no token on two hundred pages, with a random model and with one that has learnt some of them."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import torch
from doubles.bill_pages import BILL, bill_window, record_of_bill
from transformers import AutoModelForImageTextToText, AutoTokenizer

from docproc.decoding.drafts import window_drafter
from docproc.decoding.generation import Generation
from docproc.decoding.ports import Drafter
from docproc.decoding.profile import decoding_form
from docproc.decoding.speculate import NoDraft
from docproc.domain.reading import Route, Window
from docproc.readers.layout.reader import LayoutReader
from docproc.readers.vlm.config import VlmConfig
from docproc.readers.vlm.engine.requests import Request
from docproc.readers.vlm.reader import VlmReader

pytestmark = pytest.mark.slow
PAGES = 200
LEARNT = 5
STEPS = 300


@pytest.fixture(scope="module")
def learnt(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny NVLM-D after it has seen a few pages again and again."""
    folder = tmp_path_factory.mktemp("learnt")
    model = AutoModelForImageTextToText.from_pretrained(checkpoint)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    reader = VlmReader(VlmConfig(model=checkpoint, device="cpu"))
    lessons = []
    for number in range(LEARNT):
        prompt = reader.asker.read(bill_window(number, reader.image), BILL, route=Route.VISION)
        text = json.dumps(record_of_bill(number), ensure_ascii=False, separators=(",", ":"))
        lessons.append((prompt.inputs, tokenizer.encode(text + "<|im_end|>", add_special_tokens=False)))
    optimizer = torch.optim.Adam((weight for weight in model.parameters() if weight.requires_grad), lr=2e-3)
    for step in range(STEPS):
        inputs, answer = lessons[step % LEARNT]
        ids = torch.cat([inputs["input_ids"], torch.tensor([answer])], 1)
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=inputs["pixel_values"]).logits[
            0, -len(answer) - 1 : -1
        ]
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(logits, torch.tensor(answer)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(params=["random", "learnt"])
def reader(request: pytest.FixtureRequest, checkpoint: Path, learnt: Path) -> Iterator[VlmReader]:
    made = VlmReader(VlmConfig(model=checkpoint if request.param == "random" else learnt, device="cpu", rows=16))
    yield made
    made.close()


def answers(reader: VlmReader, windows: Sequence[Window], drafters: Sequence[Drafter]) -> list[Generation]:
    engine, constraints = reader.running()
    form = decoding_form(BILL)
    tickets = [
        engine.submit(
            Request(
                prompt=reader.asker.read(window, BILL, route=Route.VISION),
                constraint=constraints.held(form),
                drafter=drafter,
                budget=400,
            )
        )
        for window, drafter in zip(windows, drafters, strict=True)
    ]
    return [ticket.result() for ticket in tickets]


def test_drafts_say_token_for_token_what_plain_decoding_says(
    reader: VlmReader, learnt: Path, record_property: Callable[[str, object], None]
) -> None:
    windows = [bill_window(number, reader.image) for number in range(PAGES)]
    drafts = [LayoutReader().read(window, BILL).record for window in windows]

    plain = answers(reader, windows, [NoDraft()] * PAGES)
    drafted = answers(
        reader, windows, [window_drafter(one, BILL, draft=draft) for one, draft in zip(windows, drafts, strict=True)]
    )

    assert [one.tokens for one in drafted] == [one.tokens for one in plain]
    assert [one.stop for one in drafted] == [one.stop for one in plain]
    ratio = sum(one.effort.passes for one in plain) / sum(one.effort.passes for one in drafted)
    record_property("plain passes to drafted ones", ratio)
    if reader.running()[0].model.name_or_path == str(learnt):
        right = [json.loads(one.text) == record_of_bill(number) for number, one in enumerate(plain[:LEARNT])]
        assert sum(right) > LEARNT / 2
        assert ratio > 1
