"""A small tokenizer, schemas and models without weights, for tests of decoding."""

import json
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from docproc.decoding.choices import choose
from docproc.decoding.ports import Choice, Plan
from docproc.decoding.vocabulary import Vocabulary
from docproc.domain.schema import ExtractionSchema
from schemas.json_schema import compile_json_schema

END = "<|end|>"
TEXT = (
    '{"number":"RE-2024-0815","date":"2024-03-01","seller":"Muster & Söhne GmbH","total":"1234.50","rows":[]}',
    '{"description":"Beratung vor Ort","quantity":"2","amount":"617.25"},{"description":null,"quantity":null}',
    "Rechnung Nr. RE-2024-0815 vom 1. März 2024, zu zahlen bis 31.03.2024, Gesamtbetrag 1.234,50 EUR",
    "the quick brown fox jumps over the lazy dog; Invoice No. 4711, 12 January 2025, Total due USD 99.00",
)
#: pieces as Qwen2 cuts them: digits one by one, marks together
PIECES = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+"


@cache
def vocabulary() -> Vocabulary:
    """Six hundred tokens, trained on a few lines."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        min_frequency=1,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    eos = tokenizer.token_to_id(END)
    assert eos is not None
    return Vocabulary(tokenizer.to_str(), eos=eos, size=640)


def invoice_schema() -> ExtractionSchema:
    """Texts, a date, amounts and a table."""
    text = {"type": ["string", "null"], "maxLength": 30}
    money = {"type": ["string", "null"], "x-docproc": {"kind": "money"}}
    row = {"type": "object", "properties": {"description": text, "quantity": money, "amount": money}}
    return compile_json_schema(
        {
            "title": "invoice",
            "type": "object",
            "properties": {
                "number": {"type": "string", "maxLength": 20, "x-docproc": {"kind": "id"}},
                "date": {"type": ["string", "null"], "format": "date"},
                "seller": text,
                "total": money,
                "paid": {"type": ["boolean", "null"]},
                "rows": {"type": "array", "items": row, "maxItems": 4},
            },
            "required": ["number"],
        }
    )


class NgramModel:
    """A deterministic model: its logits are a hash of the last tokens of the whole context, so drafts can be checked.

    `order` tokens decide; a small order makes it repeat itself, a large one makes every position new.
    """

    def __init__(self, *, seed: int, order: int = 3, size: int) -> None:
        self.seed, self.order, self.size = seed, order, size
        self.context: list[int] = []
        self.passes = 0

    def verify(self, plan: Plan) -> list[Choice]:
        assert plan.kept <= len(self.context), "the model was told to keep what it never read"
        self.passes += 1
        del self.context[plan.kept :]
        self.context += plan.tokens
        first = len(self.context) - len(plan.masks) + 1
        rows = np.zeros((len(plan.masks), self.size))
        for row, end in enumerate(range(first, len(self.context) + 1)):
            rows[row] = self.logits(self.context[:end])
        return choose(rows, plan.masks, nulls=plan.nulls)

    def logits(self, context: Sequence[int]) -> NDArray[np.float64]:
        key = [self.seed, len(context) if self.order > 8 else 0, *context[-self.order :]]
        return np.random.default_rng(key).normal(size=self.size)


class RecitingModel:
    """Says one text whatever it is asked, as far as the mask allows: a model that has learnt a record by heart."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.wanted = vocabulary.encode(text.encode())
        self.eos = vocabulary.eos
        self.size = vocabulary.size
        self.length = 0
        self.passes = 0

    def verify(self, plan: Plan) -> list[Choice]:
        assert plan.kept <= self.length
        self.length = plan.kept + len(plan.tokens)
        self.passes += 1
        rows = np.zeros((len(plan.masks), self.size))
        first = self.length - len(plan.masks) + 1
        for row, place in enumerate(range(first, self.length + 1)):
            rows[row, self.wanted[place] if place < len(self.wanted) else self.eos] = 9.0
        return choose(rows, plan.masks, nulls=plan.nulls)


def compact(record: object) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
