"""A repair of a long record goes through the engine in passes of bounded width, beside rows of other pages."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import torch
from doubles.vlm_engines import ask, grammar_of, prompts, slow_answer
from transformers import AutoModelForImageTextToText

from docproc.decoding.guidance import Grammar
from docproc.decoding.profile import repair_form
from docproc.decoding.speculate import WIDTH
from docproc.decoding.vocabulary import Vocabulary
from docproc.domain.schema import JsonValue
from docproc.readers.vlm.engine.cache import RowCache
from docproc.readers.vlm.engine.checkpoint import Checkpoint
from docproc.readers.vlm.engine.engine import Engine
from docproc.readers.vlm.engine.network import Network, ReadPrompt
from schemas.json_schema import compile_json_schema

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Pass:
    """What one pass was for."""

    #: of each row's prompt
    prompts: list[int]
    width: int
    wanted: list[int]
    #: places whose logits were computed
    projected: int


class WatchedNetwork(Network):
    """Remembers its passes."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(AutoModelForImageTextToText.from_pretrained(checkpoint.folder).eval())
        self.passes: list[Pass] = []
        self.projected: list[int] = []
        head = self.model.get_output_embeddings()
        head.register_forward_hook(lambda _head, _given, logits: self.projected.append(logits[..., 0].numel()))
        tokenizer = checkpoint.processor.tokenizer.backend_tokenizer.to_str()
        self.engine = Engine(self, Vocabulary(tokenizer, eos=checkpoint.eos, size=self.vocabulary_size), rows=4)

    def step(
        self,
        cache: RowCache,
        rows: Sequence[ReadPrompt],
        fed: Sequence[Sequence[int]],
        starts: Sequence[int],
        *,
        wanted: Sequence[int],
    ) -> torch.Tensor:
        logits = super().step(cache, rows, fed, starts, wanted=wanted)
        lengths = [row.length for row in rows]
        self.passes.append(Pass(lengths, max(map(len, fed)), wanted=list(wanted), projected=self.projected[-1]))
        return logits


def long_repair(engine: Engine) -> Grammar:
    """The number is asked again; behind it twelve rows stand fixed, and the total is open too."""
    row = {"type": "object", "properties": {"name": {"type": ["string", "null"], "maxLength": 30}}}
    number = {"type": ["string", "null"], "maxLength": 8}
    schema = compile_json_schema(
        {
            "title": "sheet",
            "type": "object",
            "properties": {"number": number, "rows": {"type": "array", "items": row}, "total": number},
        }
    )
    rows = list[JsonValue]({"name": f"Beratung vor Ort, Tag {day}"} for day in range(12))
    form = repair_form(schema, {"number": "R1", "rows": rows, "total": "12"}, ["number", "total"])
    return Grammar(form, engine.vocabulary)


def test_a_long_repair_beside_another_row_is_fed_in_passes_of_bounded_width(any_model: Checkpoint) -> None:
    network = WatchedNetwork(any_model)
    model = AutoModelForImageTextToText.from_pretrained(any_model.folder).eval()
    engine, (first, second, *_) = network.engine, prompts(any_model)
    repair, grammar = long_repair(engine), grammar_of(engine)

    tickets = [engine.submit(ask(first, repair, budget=2000)), engine.submit(ask(second, grammar, budget=16))]
    found = [ticket.result() for ticket in tickets]
    engine.close()

    assert len(found[0].tokens) > 3 * WIDTH
    # the first pass of a row is led by its prompt's last token
    assert max(one.width for one in network.passes) <= WIDTH + 1
    assert all(one.projected <= len(one.wanted) * max(1, sum(one.wanted)) for one in network.passes)
    assert any(0 in one.wanted for one in network.passes)
    assert [one.effort.passes - 1 for one in found] == [
        sum(prompt.token_count - 1 in one.prompts for one in network.passes) for prompt in (first, second)
    ]
    slow = [
        slow_answer(model, first, repair, engine.vocabulary, budget=2000),
        slow_answer(model, second, grammar, engine.vocabulary, budget=16),
    ]
    assert [(one.tokens, one.stop) for one in found] == [(one.tokens, one.stop) for one in slow]
