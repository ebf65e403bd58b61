"""Engines over tiny checkpoints, prompts about pages of noise, and answers found the slow way."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
from transformers import PreTrainedModel

from docproc.decoding.choices import choose
from docproc.decoding.generation import Generation
from docproc.decoding.guidance import Grammar
from docproc.decoding.ports import Choice, Plan
from docproc.decoding.prelude import PreludeConstraint
from docproc.decoding.profile import decoding_form
from docproc.decoding.speculate import speculate
from docproc.decoding.vocabulary import Vocabulary
from docproc.domain.schema import ExtractionSchema
from docproc.nvlm import NvlmDConfig, NvlmHConfig, NvlmXConfig
from docproc.nvlm.tiny import write_tiny
from docproc.readers.vlm.engine.checkpoint import Checkpoint, open_checkpoint
from docproc.readers.vlm.engine.engine import Engine
from docproc.readers.vlm.engine.loading import EngineOptions, load_engine
from docproc.readers.vlm.engine.network import Prompt
from docproc.readers.vlm.engine.requests import Request
from doubles.nvlm_prompts import noise_page
from doubles.vision_checkpoints import write_internvl, write_qwen3_vl
from schemas.json_schema import compile_json_schema

KINDS = ("nvlm-d", "nvlm-x", "nvlm-h", "qwen3-vl", "internvl")
_NVLM = {"nvlm-d": NvlmDConfig, "nvlm-x": NvlmXConfig, "nvlm-h": NvlmHConfig}
SEVEN_TILES, THREE_TILES, ONE_TILE = (140, 198), (112, 56), (56, 56)


def write_checkpoint(kind: str, folder: Path) -> Path:
    """A tiny random checkpoint of `kind`."""
    if kind in _NVLM:
        write_tiny(folder, kind=_NVLM[kind])
    elif kind == "qwen3-vl":
        write_qwen3_vl(folder)
    else:
        write_internvl(folder)
    return folder


def small_schema() -> ExtractionSchema:
    """A record of about a hundred tokens."""
    text = {"type": ["string", "null"], "maxLength": 12}
    row = {"type": "object", "properties": {"name": text, "amount": {"type": ["integer", "null"]}}}
    return compile_json_schema(
        {
            "title": "slip",
            "type": "object",
            "properties": {
                "number": text,
                "date": {"type": ["string", "null"], "format": "date"},
                "paid": {"type": ["boolean", "null"]},
                "rows": {"type": "array", "items": row, "maxItems": 2},
            },
        }
    )


def engine_over(checkpoint: Checkpoint, *, rows: int = 4) -> Engine:
    """On the processor."""
    return load_engine(checkpoint, EngineOptions(device="cpu", rows=rows))


def prompt(checkpoint: Checkpoint, text: str, *sizes: tuple[int, int], seed: int = 0) -> Prompt:
    """A question about pages of noise."""
    pages = [{"type": "image", "image": noise_page(*size, seed=seed)} for size in sizes]
    turn = {"role": "user", "content": [*pages, {"type": "text", "text": text}]}
    inputs = checkpoint.processor.apply_chat_template(
        [[turn]], tokenize=True, add_generation_prompt=True, return_dict=True, return_tensors="pt"
    )
    return Prompt(inputs=dict(inputs))


def prompts(checkpoint: Checkpoint) -> list[Prompt]:
    """Of different lengths, one of them without a page."""
    return [
        prompt(checkpoint, "Which is the total?", SEVEN_TILES),
        prompt(checkpoint, "What is the date of this invoice, and who sent it?", THREE_TILES, seed=1),
        prompt(checkpoint, "Number?", ONE_TILE, seed=2),
        prompt(checkpoint, "What is an invoice?"),
    ]


def grammar_of(engine: Engine, schema: ExtractionSchema | None = None) -> Grammar:
    """Of a schema, for the engine's vocabulary."""
    return Grammar(decoding_form(schema or small_schema()), engine.vocabulary)


class WholeText:
    """Reads prompt and answer anew for every choice: no cache, no batch."""

    def __init__(self, model: PreTrainedModel, prompt: Prompt) -> None:
        self._model = model
        self._prompt = prompt
        self._answer: list[int] = []

    def verify(self, plan: Plan) -> Sequence[Choice]:
        self._answer = [*self._answer[: plan.kept], *plan.tokens]
        inputs = dict(self._prompt.inputs)
        ids = torch.cat([inputs["input_ids"], torch.tensor([self._answer], dtype=torch.long)], 1)
        inputs |= {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        more = len(self._answer)
        if "mm_token_type_ids" in inputs:
            inputs["mm_token_type_ids"] = torch.nn.functional.pad(inputs["mm_token_type_ids"], (0, more))
        if "memory_range" in inputs:
            ranges = inputs["memory_range"]
            inputs["memory_range"] = torch.cat([ranges, ranges[:, -1:].repeat(1, more, 1)], 1)
        if hasattr(self._model.model, "rope_deltas"):
            self._model.model.rope_deltas = None
        with torch.inference_mode():
            logits = self._model(**inputs, use_cache=False).logits[0]
        return choose(logits[len(logits) - len(plan.masks) :].numpy(), plan.masks, nulls=plan.nulls)


def slow_answer(
    model: PreTrainedModel, prompt: Prompt, grammar: Grammar, vocabulary: Vocabulary, *, budget: int
) -> Generation:
    """What plain decoding without anything clever says."""
    return speculate(WholeText(model, prompt), grammar.start(), vocabulary=vocabulary, budget=budget)


@cache
def opened(kind: str, folder: Path) -> Checkpoint:
    """A checkpoint of `kind` below `folder`, written once."""
    return open_checkpoint(write_checkpoint(kind, folder / kind))


def ask(prompt: Prompt, grammar: Grammar, **told) -> Request:
    """A request under a grammar."""
    return Request(prompt=prompt, constraint=grammar.start(), **told)


def endless(prompt: Prompt, engine: Engine) -> Request:
    """A request that takes longer than any test: nothing watches over what is thought."""
    grammar = grammar_of(engine)
    constraint = PreludeConstraint(grammar.start(), engine.vocabulary, end=b"</think>", room=30_000)
    return Request(prompt=prompt, constraint=constraint)
