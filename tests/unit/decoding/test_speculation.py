"""Drafts change the number of passes and nothing else."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from decoding_doubles import NgramModel, RecitingModel, compact, invoice_schema, vocabulary
from doubles.documents import text_page
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from docproc.decoding.choices import choose
from docproc.decoding.drafts import PagePrint
from docproc.decoding.generation import Generation
from docproc.decoding.guidance import Grammar, GuidanceConstraint
from docproc.decoding.ports import Choice, Drafter, NoNumberError, Plan
from docproc.decoding.prelude import PreludeConstraint
from docproc.decoding.profile import decoding_form, repair_form
from docproc.decoding.speculate import NoDraft, Speculation, speculate
from docproc.decoding.watch import Stop
from docproc.domain.schema import JsonValue
from schemas.json_schema import compile_json_schema

WORDS = vocabulary()
GRAMMAR = Grammar(decoding_form(invoice_schema()), WORDS)
RECORD = {
    "number": "RE-2024-0815",
    "date": "2024-03-01",
    "seller": "Muster & Söhne GmbH",
    "total": "1234.50",
    "paid": None,
    "rows": [{"description": "Beratung vor Ort", "quantity": "2", "amount": "617.25"}],
}


class Script:
    """Drafts by a rule over the answer so far."""

    def __init__(self, rule: Callable[[bytes], bytes]) -> None:
        self.propose = rule


def knowing(text: str) -> Drafter:
    """Goes on with `text` wherever the answer has its beginning."""
    whole = text.encode()
    return Script(lambda answer: whole[len(answer) :] if whole.startswith(answer) else b"")


def generated(model: NgramModel | RecitingModel, drafter: Drafter, *, budget: int = 400, width: int = 64) -> Generation:
    return speculate(model, GRAMMAR.start(), vocabulary=WORDS, drafter=drafter, budget=budget, width=width)


def test_plain_decoding_writes_what_the_model_wants_to_write() -> None:
    generation = generated(RecitingModel(compact(RECORD), WORDS), NoDraft())
    assert generation.text.decode() == compact(RECORD)
    assert generation.stop is Stop.COMPLETE
    assert generation.effort.passes == len(generation.tokens) - generation.effort.forced


def test_forced_tokens_need_no_pass_of_their_own() -> None:
    generation = generated(RecitingModel(compact(RECORD), WORDS), NoDraft())
    assert generation.effort.forced > len(generation.tokens) / 5


def test_a_right_draft_takes_a_pass_for_each_width_of_tokens() -> None:
    model = RecitingModel(compact(RECORD), WORDS)
    generation = generated(model, knowing(compact(RECORD)), width=32)
    assert generation.text.decode() == compact(RECORD)
    assert model.passes == generation.effort.passes == -(-len(generation.tokens) // 33)
    assert generation.effort.agreed == generation.effort.drafted


def test_a_disagreement_costs_a_pass_and_no_token() -> None:
    draft = knowing(compact(RECORD | {"date": "2024-03-09"}))
    generation = generated(RecitingModel(compact(RECORD), WORDS), draft)
    assert generation.text.decode() == compact(RECORD)
    assert generation.effort.agreed < generation.effort.drafted


@st.composite
def rules(draw: st.DrawFn) -> Callable[[str], Callable[[bytes], bytes]]:
    """Drafters that are right, nearly right, late, mad, or against the grammar; made with the plain answer at hand."""
    kind = draw(st.sampled_from(["right", "damaged", "shifted", "noise", "echo", "half_character", "other_record"]))
    noise, place = draw(st.binary(max_size=40)), draw(st.integers(0, 80))

    def rule_for(text: str) -> Callable[[bytes], bytes]:
        whole = text.encode()
        damaged = whole[:place] + noise + whole[place + 2 :]
        return {
            "right": lambda answer: whole[len(answer) :],
            "damaged": lambda answer: damaged[len(answer) :],
            "shifted": lambda answer: whole[len(answer) + 1 :],
            "noise": lambda answer: noise,  # noqa: ARG005
            "echo": lambda answer: answer[-place - 1 :],
            "half_character": lambda answer: whole[len(answer) : len(answer) + 3] + b"\xc3",
            "other_record": lambda answer: compact(RECORD).encode()[len(answer) :],
        }[kind]

    return rule_for


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    order=st.integers(1, 12),
    width=st.integers(1, 64),
    budget=st.integers(1, 160),
    rule_for=rules(),
)
def test_the_drafted_answer_is_the_plain_one_token_for_token(
    seed: int, order: int, width: int, budget: int, rule_for: Callable[[str], Callable[[bytes], bytes]]
) -> None:
    plain = generated(NgramModel(seed=seed, order=order, size=WORDS.size), NoDraft(), budget=budget, width=width)
    rule = rule_for(plain.text.decode(errors="replace"))
    model = NgramModel(seed=seed, order=order, size=WORDS.size)
    drafted = generated(model, Script(rule), budget=budget, width=width)
    assert drafted.tokens == plain.tokens
    assert drafted.stop == plain.stop
    assert drafted.effort.passes <= plain.effort.passes
    for left, right in zip(plain.choices, drafted.choices, strict=True):
        assert (left is None) == (right is None)
        assert left is None or right is None or left == right


def test_a_model_that_never_ends_is_said_to_be_truncated() -> None:
    generation = generated(NgramModel(seed=3, size=WORDS.size), NoDraft(), budget=9)
    assert generation.stop is Stop.TRUNCATED
    assert len(generation.tokens) == 9


@pytest.mark.parametrize("thought", [0, 7])
@pytest.mark.parametrize("room", range(20, 90, 7))
def test_an_answer_ends_at_the_same_token_where_a_model_can_look_back_no_further(room: int, thought: int) -> None:
    found = []
    for drafter in (NoDraft(), knowing(compact(RECORD))):
        record = GRAMMAR.start()
        constraint = PreludeConstraint(record, WORDS, end=b"</think>", room=thought) if thought else record
        row = Speculation(constraint, WORDS, drafter, room=room)
        model = NgramModel(seed=5, size=WORDS.size) if thought else RecitingModel(compact(RECORD), WORDS)
        while row.stop is None:
            row.take(model.verify(row.plan()))
        found.append((row.tokens, row.stop))

    assert found[0] == found[1]
    assert found[0][1] is Stop.COMPLETE or len(found[0][0]) == room


class Fond:
    """A model that wants one text again and again, and what is needed to reach it."""

    def __init__(self, *wanted: bytes) -> None:
        self.wanted = [WORDS.encode(text) for text in wanted]

    def verify(self, plan: Plan) -> list[Choice]:
        rows = np.zeros((len(plan.masks), WORDS.size))
        for rank, tokens in enumerate(self.wanted):
            rows[:, tokens[0]] = 9.0 - rank
        return choose(rows, plan.masks, nulls=plan.nulls)


def free_text_grammar(length: int) -> GuidanceConstraint:
    form = {
        "type": "object",
        "properties": {"note": {"type": "string", "maxLength": length}},
        "required": ["note"],
        "additionalProperties": False,
    }
    return Grammar(form, WORDS).start()


@pytest.mark.parametrize(
    ("wanted", "stop"), [((b" ", b'":"'), Stop.WHITE_SPACE), ((b"e", b'":"'), Stop.REPETITION)], ids=str
)
def test_a_loop_is_noticed_and_said(wanted: tuple[bytes, ...], stop: Stop) -> None:
    generation = speculate(Fond(*wanted), free_text_grammar(4000), vocabulary=WORDS, budget=3000)
    assert generation.stop is stop
    assert len(generation.tokens) < 300


def test_rows_that_take_their_passes_together_get_the_answers_that_they_get_alone() -> None:
    alone = [generated(NgramModel(seed=seed, size=WORDS.size), NoDraft()) for seed in range(4)]
    rows = [Speculation(GRAMMAR.start(), WORDS, knowing(one.text.decode(errors="replace"))) for one in alone]
    models = [NgramModel(seed=seed, size=WORDS.size) for seed in range(4)]
    with ThreadPoolExecutor(2) as pool:
        while open_rows := [(row, model) for row, model in zip(rows, models, strict=True) if row.stop is None]:
            plans = list(pool.map(Speculation.plan, [row for row, _ in open_rows]))
            for (row, model), plan in zip(open_rows, plans, strict=True):
                row.take(model.verify(plan))
    assert [row.generation().tokens for row in rows] == [one.tokens for one in alone]


def test_every_value_knows_its_own_tokens() -> None:
    spans = generated(RecitingModel(compact(RECORD), WORDS), NoDraft()).spans
    assert set(spans.leaves) == {
        "number", "date", "seller", "total", "paid",
        "rows[0].description", "rows[0].quantity", "rows[0].amount",
    }  # fmt: skip
    assert spans.raw("seller").decode() == '"Muster & Söhne GmbH"'
    shares = spans.tokens("date")
    assert [share.share for share in shares] == [1.0] * len("2024-03-01")


def test_a_value_is_as_sure_as_the_model_was_of_its_own_tokens() -> None:
    generation = generated(RecitingModel(compact(RECORD), WORDS), NoDraft())
    sure = generation.confidences()
    chosen = [
        choice.logprob for share in generation.spans.tokens("date") if (choice := generation.choices[share.token])
    ]
    assert len(chosen) == 7  # three of the ten digits and dashes are forced
    assert sure["date"].logprob_mean == pytest.approx(sum(chosen) / 7)
    assert sure["date"].log_null is not None
    assert sure["paid"].log_null is not None
    assert sure["date"].log_null < -5 < sure["paid"].log_null


def test_an_answer_is_only_given_when_it_has_ended() -> None:
    with pytest.raises(ValueError, match="not ended"):
        Speculation(GRAMMAR.start(), WORDS).generation()


def test_logits_wider_than_the_vocabulary_are_never_chosen() -> None:
    class Padded(RecitingModel):
        def verify(self, plan: Plan) -> list[Choice]:
            self.length = plan.kept + len(plan.tokens)
            rows = np.zeros((len(plan.masks), WORDS.size + 100))
            rows[:, WORDS.size :] = 50.0
            first = self.length - len(plan.masks) + 1
            for row, place in enumerate(range(first, self.length + 1)):
                rows[row, self.wanted[place] if place < len(self.wanted) else self.eos] = 9.0
            return choose(rows, plan.masks)

    assert generated(Padded(compact(RECORD), WORDS), NoDraft()).text.decode() == compact(RECORD)


class SickModel(NgramModel):
    """Whose output is no number from its third pass on."""

    def __init__(self, worth: float) -> None:
        super().__init__(seed=1, size=WORDS.size)
        self.worth = worth

    def logits(self, context: Sequence[int]) -> NDArray[np.float64]:
        return np.full(self.size, self.worth) if self.passes > 2 else super().logits(context)


@pytest.mark.parametrize("worth", [np.nan, np.inf, -np.inf])
@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_output_that_is_no_number_is_never_chosen_by(worth: float) -> None:
    with pytest.raises(NoNumberError):
        generated(SickModel(worth), NoDraft())


ROWS = compile_json_schema(
    {
        "title": "fees",
        "type": "object",
        "properties": {
            "rows": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "description": {"type": ["string", "null"]},
                        "amount": {"type": ["string", "null"], "x-docproc": {"kind": "money"}},
                        "paid": {"type": ["boolean", "null"]},
                    },
                },
            },
            "note": {"type": ["string", "null"]},
        },
    }
)


def recited(record: object, *lines: str) -> Generation:
    page = PagePrint([text_page(number, line) for number, line in enumerate(lines, 1)])
    row = Speculation(Grammar(decoding_form(ROWS), WORDS).start(), WORDS, printed=page.count)
    model = RecitingModel(compact(record), WORDS)
    while row.stop is None:
        row.take(model.verify(row.plan()))
    return row.generation()


@pytest.mark.parametrize(("printed", "stop"), [(30, Stop.COMPLETE), (12, Stop.REPETITION), (0, Stop.REPETITION)])
def test_equal_rows_are_a_loop_only_where_the_page_does_not_print_them_as_often(printed: int, stop: Stop) -> None:
    rows = [{"description": "Parking fee", "amount": "2.50", "paid": None}] * 30
    found = recited({"rows": rows, "note": None}, "Fees", *(["Parking fee 2,50"] * printed))

    assert found.stop is stop
    assert len(found.spans.leaves) == 91 or stop is Stop.REPETITION


def test_rows_of_nothing_are_a_loop_whatever_is_printed() -> None:
    rows = [{"description": None, "amount": None, "paid": True}] * 30
    assert recited({"rows": rows, "note": None}, *["null true"] * 40).stop is Stop.REPETITION


@pytest.mark.parametrize(("printed", "stop"), [(400, Stop.COMPLETE), (100, Stop.REPETITION)])
def test_a_text_that_repeats_itself_is_a_loop_unless_it_is_printed_so(printed: int, stop: Stop) -> None:
    found = recited({"rows": [], "note": "Signature " + "." * 400}, "Signature " + "." * printed)
    assert found.stop is stop


@pytest.mark.parametrize("width", [1, 8, 64])
def test_what_is_fixed_in_a_long_repair_is_fed_in_passes_of_the_width_and_changes_nothing(width: int) -> None:
    rows = list[JsonValue]({"description": f"Parking fee {day}", "amount": "2.50", "paid": None} for day in range(60))
    record = dict[str, JsonValue](rows=rows, note="thanks")
    grammar = Grammar(repair_form(ROWS, record, ["rows[1].amount", "note"]), WORDS)
    told: dict[int, Generation] = {}
    for at_most in (10_000, width):
        row = Speculation(grammar.start(), WORDS, width=at_most)
        model = RecitingModel(compact(record), WORDS)
        while row.stop is None:
            plan = row.plan()
            assert len(plan.tokens) <= at_most
            row.take(model.verify(plan))
        told[at_most] = row.generation()
        assert told[at_most].effort.passes == model.passes

    assert told[width].text.decode() == compact(record)
    assert told[width].tokens == told[10_000].tokens
    assert told[width].choices == told[10_000].choices
    assert told[width].effort.fed == told[10_000].effort.fed
    assert told[width].effort.passes >= len(told[width].tokens) / (width + 1)
