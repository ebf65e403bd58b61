"""The engine says what plain decoding says, however many share a pass, and lets nobody wait in vain."""

import threading
from collections.abc import Sequence

import pytest
import torch
from doubles.vlm_engines import ask, endless, engine_over, grammar_of, prompts, slow_answer
from doubles.waiting import until
from transformers import AutoModelForImageTextToText
from transformers.cache_utils import DynamicCache

from docproc.decoding.generation import Generation
from docproc.decoding.vocabulary import Vocabulary
from docproc.decoding.watch import Stop
from docproc.domain.errors import InvalidAnswerError, ReaderUnavailableError, TooLargeError, UnsupportedError
from docproc.readers.vlm.engine.cache import RowCache
from docproc.readers.vlm.engine.checkpoint import Checkpoint
from docproc.readers.vlm.engine.engine import Engine
from docproc.readers.vlm.engine.network import Network, Prompt, ReadPrompt
from docproc.readers.vlm.engine.requests import CanceledError

pytestmark = pytest.mark.integration

BUDGET = 48


class Near:
    """Guesses an answer that is mostly right."""

    def __init__(self, answer: bytes, *, wrong_every: int) -> None:
        self._answer = bytearray(answer)
        for place in range(wrong_every, len(answer), wrong_every):
            self._answer[place] ^= 1

    def propose(self, answer: bytes) -> bytes:
        return bytes(self._answer[len(answer) :])


class StoppedError(Exception):
    pass


def told(generation: Generation) -> tuple[tuple[int, ...], Stop]:
    return generation.tokens, generation.stop


def test_a_batch_says_what_whole_texts_read_one_by_one_say(any_model: Checkpoint) -> None:
    engine = engine_over(any_model)
    model = AutoModelForImageTextToText.from_pretrained(any_model.folder).eval()
    grammar, asked = grammar_of(engine), prompts(any_model)

    tickets = [engine.submit(ask(prompt, grammar, budget=BUDGET)) for prompt in asked]
    found = [ticket.result() for ticket in tickets]
    engine.close()

    slow = [slow_answer(model, prompt, grammar, engine.vocabulary, budget=BUDGET) for prompt in asked]
    assert list(map(told, found)) == list(map(told, slow))
    for one, other in zip(found, slow, strict=True):
        for choice, expected in zip(one.choices, other.choices, strict=True):
            assert (choice is None) == (expected is None)
            if choice is not None and expected is not None:
                assert choice.logprob == pytest.approx(expected.logprob, abs=1e-4)
                assert choice.log_z == pytest.approx(expected.log_z, abs=1e-4)
                assert choice.margin == pytest.approx(expected.margin, abs=1e-4)
                assert choice.log_null == pytest.approx(expected.log_null, abs=1e-4)


@pytest.mark.parametrize("wrong_every", [15, 10_000])
def test_drafts_change_the_number_of_passes_and_nothing_else(any_model: Checkpoint, wrong_every: int) -> None:
    engine = engine_over(any_model)
    grammar, asked = grammar_of(engine), prompts(any_model)
    plain = [engine.generate(ask(prompt, grammar, budget=150)) for prompt in asked]
    drafters = [Near(answer.text, wrong_every=wrong_every) for answer in plain]

    tickets = [
        engine.submit(ask(prompt, grammar, budget=150, drafter=drafter))
        for prompt, drafter in zip(asked, drafters, strict=True)
    ]
    drafted = [ticket.result() for ticket in tickets]
    engine.close()

    assert list(map(told, drafted)) == list(map(told, plain))
    assert sum(one.effort.agreed for one in drafted) > 0
    assert sum(one.effort.passes for one in drafted) <= sum(one.effort.passes for one in plain)


def test_more_requests_than_rows_wait_for_their_turn(engine: Engine, nvlm_d: Checkpoint) -> None:
    grammar, asked = grammar_of(engine), prompts(nvlm_d)
    alone = [told(engine.generate(ask(prompt, grammar, budget=BUDGET))) for prompt in asked]

    tickets = [engine.submit(ask(prompt, grammar, budget=BUDGET)) for prompt in asked * 3]

    assert [told(ticket.result()) for ticket in tickets] == alone * 3


def test_threads_that_ask_at_the_same_time_share_passes(engine: Engine, nvlm_d: Checkpoint) -> None:
    grammar, asked = grammar_of(engine), prompts(nvlm_d)
    before = engine.passes
    for prompt in asked:
        engine.generate(ask(prompt, grammar))
    alone = engine.passes - before

    threads = [threading.Thread(target=engine.generate, args=(ask(prompt, grammar),)) for prompt in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert engine.passes - before - alone < 0.7 * alone


def test_a_row_whose_checkpoint_raises_leaves_and_the_others_go_on(engine: Engine, nvlm_d: Checkpoint) -> None:
    grammar = grammar_of(engine)
    first, second, *_ = prompts(nvlm_d)
    expected = told(engine.generate(ask(second, grammar)))
    other = engine.submit(ask(second, grammar))

    def stop() -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        engine.generate(endless(first, engine), stop)

    assert told(other.result()) == expected
    until(lambda: engine.load.running == 0)


def test_a_canceled_row_is_gone_after_the_pass_that_runs(engine: Engine, nvlm_d: Checkpoint) -> None:
    ticket = engine.submit(endless(prompts(nvlm_d)[0], engine))
    until(lambda: engine.passes > 3)

    ticket.cancel()
    before = engine.passes
    with pytest.raises(CanceledError):
        ticket.result()

    assert engine.passes - before <= 2


def test_a_prompt_longer_than_the_model_takes_is_refused(engine: Engine, nvlm_d: Checkpoint) -> None:
    short = prompts(nvlm_d)[3].inputs["input_ids"]
    long = Prompt(inputs={"input_ids": short.repeat(1, engine.context // short.shape[1])})

    with pytest.raises(TooLargeError, match="fewer pages"):
        engine.submit(ask(long, grammar_of(engine)))


def test_a_prompt_that_the_model_cannot_take_fails_alone(engine: Engine, nvlm_d: Checkpoint) -> None:
    grammar, (good, *_) = grammar_of(engine), prompts(nvlm_d)
    bad = Prompt(inputs={**good.inputs, "pixel_values": good.inputs["pixel_values"][:2]})

    with pytest.raises(UnsupportedError, match="cannot take this page") as caught:
        engine.generate(ask(bad, grammar))

    assert not isinstance(caught.value, ReaderUnavailableError)
    assert engine.generate(ask(good, grammar, budget=8)).tokens


class Puzzled:
    def propose(self, answer: bytes) -> bytes:  # noqa: ARG002 the port's parameter
        raise ZeroDivisionError


def test_a_drafter_that_fails_fails_its_own_row(engine: Engine, nvlm_d: Checkpoint) -> None:
    grammar, (first, second, *_) = grammar_of(engine), prompts(nvlm_d)
    tickets = [
        engine.submit(ask(first, grammar, budget=BUDGET, drafter=Puzzled())),
        engine.submit(ask(second, grammar, budget=BUDGET)),
    ]

    with pytest.raises(ZeroDivisionError):
        tickets[0].result()
    assert told(tickets[1].result()) == told(engine.generate(ask(second, grammar, budget=BUDGET)))


def test_an_answer_ends_where_the_model_cannot_look_back_any_further(nvlm_d: Checkpoint) -> None:
    network = SmallNetwork(nvlm_d, rows=4, at="")
    prompt = prompts(nvlm_d)[3]
    network.context = prompt.token_count + 200

    found = network.engine.generate(endless(prompt, network.engine))
    network.engine.close()

    assert found.stop is Stop.TRUNCATED
    assert 100 < found.effort.prelude < 200


def test_what_does_not_end_is_said_to_be_cut_off(engine: Engine, nvlm_d: Checkpoint) -> None:
    found = engine.generate(ask(prompts(nvlm_d)[0], grammar_of(engine), budget=20))

    assert (found.stop, len(found.tokens)) == (Stop.TRUNCATED, 20)


def test_a_closed_engine_lets_nobody_wait(nvlm_d: Checkpoint) -> None:
    engine = engine_over(nvlm_d, rows=1)
    tickets = [engine.submit(endless(prompt, engine)) for prompt in prompts(nvlm_d)]

    engine.close()

    for ticket in tickets:
        with pytest.raises(CanceledError):
            ticket.result()
    with pytest.raises(ReaderUnavailableError, match="closed"):
        engine.submit(endless(prompts(nvlm_d)[0], engine))


class SmallNetwork(Network):
    """A device with memory for so many rows."""

    def __init__(self, checkpoint: Checkpoint, *, rows: int, at: str) -> None:
        super().__init__(AutoModelForImageTextToText.from_pretrained(checkpoint.folder).eval())
        self._room = rows
        self._at = at
        tokenizer = checkpoint.processor.tokenizer.backend_tokenizer.to_str()
        self.engine = Engine(self, Vocabulary(tokenizer, eos=checkpoint.eos, size=self.vocabulary_size), rows=4)

    def read(self, prompt: Prompt) -> tuple[ReadPrompt, DynamicCache]:
        if self._at == "read" and self.engine.load.running >= self._room:
            raise torch.OutOfMemoryError
        return super().read(prompt)

    def step(
        self,
        cache: RowCache,
        rows: Sequence[ReadPrompt],
        fed: Sequence[Sequence[int]],
        starts: Sequence[int],
        *,
        wanted: Sequence[int],
    ) -> torch.Tensor:
        if self._at == "step" and len(rows) > self._room:
            raise torch.OutOfMemoryError
        if self._at == "never" or (self._at == "second" and len(rows) > 1):
            raise RuntimeError("device-side assert")
        return super().step(cache, rows, fed, starts, wanted=wanted)


class SickNetwork(SmallNetwork):
    """Its output is no number for pages of noise of one size."""

    def __init__(self, checkpoint: Checkpoint, *, worth: float, for_rows_of: int) -> None:
        super().__init__(checkpoint, rows=4, at="")
        self._worth = worth
        self._length = for_rows_of - 1

    def step(
        self,
        cache: RowCache,
        rows: Sequence[ReadPrompt],
        fed: Sequence[Sequence[int]],
        starts: Sequence[int],
        *,
        wanted: Sequence[int],
    ) -> torch.Tensor:
        logits = super().step(cache, rows, fed, starts, wanted=wanted).clone()
        sick = [row.length == self._length for row, count in zip(rows, wanted, strict=True) for _ in range(count)]
        logits[torch.tensor(sick)] = self._worth
        return logits


@pytest.mark.parametrize("worth", [float("nan"), float("inf"), float("-inf")])
def test_a_row_whose_output_is_no_number_fails_and_the_others_go_on(
    nvlm_d: Checkpoint, engine: Engine, worth: float
) -> None:
    bad, good, *_ = prompts(nvlm_d)
    sick = SickNetwork(nvlm_d, worth=worth, for_rows_of=bad.token_count).engine

    tickets = [sick.submit(ask(prompt, grammar_of(sick), budget=BUDGET)) for prompt in (bad, good)]
    with pytest.raises(InvalidAnswerError, match="NaN"):
        tickets[0].result()
    found = told(tickets[1].result())
    sick.close()

    assert found == told(engine.generate(ask(good, grammar_of(engine), budget=BUDGET)))


def test_pages_that_memory_has_no_room_for_wait(nvlm_d: Checkpoint, engine: Engine) -> None:
    small = SmallNetwork(nvlm_d, rows=2, at="read").engine
    grammar, asked = grammar_of(small), prompts(nvlm_d)

    tickets = [small.submit(ask(prompt, grammar, budget=BUDGET)) for prompt in asked]
    found = [told(ticket.result()) for ticket in tickets]
    small.close()

    assert found == [told(engine.generate(ask(prompt, grammar_of(engine), budget=BUDGET))) for prompt in asked]
    assert small.load.rows == 2


class NoRoom(torch.Tensor):
    """Keys or values that no memory is left to copy."""

    def new_zeros(self, *size, **told) -> torch.Tensor:
        raise torch.OutOfMemoryError(f"{size} {told}")


class NarrowNetwork(SmallNetwork):
    """Memory runs out once, at the last layer, while a second row joins: the layers before it have the row already."""

    def __init__(self, checkpoint: Checkpoint, *, part: str) -> None:
        self._part = part
        self.ran_out = 0
        super().__init__(checkpoint, rows=4, at="")

    def read(self, prompt: Prompt) -> tuple[ReadPrompt, DynamicCache]:
        row, cache = super().read(prompt)
        if self.engine.load.running and not self.ran_out:
            self.ran_out += 1
            layer = cache.layers[-1]
            setattr(layer, self._part, getattr(layer, self._part).as_subclass(NoRoom))
        return row, cache


@pytest.mark.parametrize("part", ["keys", "values"])
def test_a_page_for_which_memory_runs_out_between_two_layers_waits_and_nobody_is_harmed(
    nvlm_d: Checkpoint, engine: Engine, part: str
) -> None:
    narrow = NarrowNetwork(nvlm_d, part=part)
    small = narrow.engine
    grammar, asked = grammar_of(small), prompts(nvlm_d)[:3]

    tickets = [small.submit(ask(prompt, grammar, budget=BUDGET)) for prompt in asked]
    found = [told(ticket.result()) for ticket in tickets]
    small.close()

    assert (narrow.ran_out, small.load.rows) == (1, 1)
    assert found == [told(engine.generate(ask(prompt, grammar_of(engine), budget=BUDGET))) for prompt in asked]


def test_a_page_for_which_memory_runs_out_on_the_way_is_given_up_and_the_others_go_on(
    nvlm_d: Checkpoint, engine: Engine
) -> None:
    small = SmallNetwork(nvlm_d, rows=1, at="step").engine
    first, second, *_ = prompts(nvlm_d)

    tickets = [small.submit(ask(prompt, grammar_of(small), budget=BUDGET)) for prompt in (first, second)]
    kept = tickets[0].result()
    with pytest.raises(TooLargeError, match="memory"):
        tickets[1].result()
    small.close()

    assert small.load.rows == 1
    assert told(kept) == told(engine.generate(ask(first, grammar_of(engine), budget=BUDGET)))


def test_a_device_that_fails_lets_nobody_wait(nvlm_d: Checkpoint) -> None:
    engine = SmallNetwork(nvlm_d, rows=4, at="never").engine
    grammar = grammar_of(engine)

    tickets = [engine.submit(ask(prompt, grammar)) for prompt in prompts(nvlm_d)[:1]]

    for ticket in tickets:
        with pytest.raises(ReaderUnavailableError, match="device-side assert"):
            ticket.result()
    until(lambda: not engine.is_running)
    with pytest.raises(ReaderUnavailableError, match="device-side assert"):
        engine.submit(ask(prompts(nvlm_d)[0], grammar))


def test_each_that_a_failed_device_leaves_waiting_is_given_an_error_of_its_own(nvlm_d: Checkpoint) -> None:
    # one window's cost is written on its error: on an error of all it would be everybody's
    engine = SmallNetwork(nvlm_d, rows=4, at="second").engine
    grammar = grammar_of(engine)
    tickets = [engine.submit(ask(prompt, grammar)) for prompt in prompts(nvlm_d)]

    errors = []
    for ticket in tickets:
        with pytest.raises(ReaderUnavailableError, match="device-side assert") as caught:
            ticket.result()
        errors.append(caught.value)

    assert len({id(error) for error in errors}) == len(tickets) == 4
