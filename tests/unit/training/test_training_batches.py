"""Batches: which pages at which step, and that the loss is on the answers and on nothing else."""

from collections import Counter

import pytest
import torch
from doubles.examples_to_learn import batcher, draw_noise, example
from torch.nn import functional

from docproc.nvlm import NvlmDForConditionalGeneration, NvlmProcessor
from docproc.nvlm.tokens import TURN_END
from docproc.training.batches import NOT_LEARNT, batches_ahead, examples_of_step
from docproc.training.page_images import DrawnPage, KeptPages
from docproc.training.recipe import Recipe
from docproc.training.steps import answer_loss


def learnt_text(processor: NvlmProcessor, labels: torch.Tensor) -> str:
    text: str = processor.tokenizer.decode([token for token in labels.tolist() if token != NOT_LEARNT])
    return text


def test_every_page_comes_once_before_any_comes_again_and_in_another_order() -> None:
    drawn = [number for step in range(5) for number in examples_of_step(step, 10, size=4, seed=3)]
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == list(range(10))
    assert drawn[:10] != drawn[10:]


def test_the_order_is_told_by_seed_and_step_alone() -> None:
    assert examples_of_step(7, 10, size=4, seed=3) == examples_of_step(7, 10, size=4, seed=3)
    assert examples_of_step(7, 10, size=4, seed=3) != examples_of_step(7, 10, size=4, seed=4)


def test_a_step_may_be_larger_than_the_set() -> None:
    assert Counter(examples_of_step(0, 2, size=6, seed=0)) == {0: 3, 1: 3}


def test_the_answer_and_the_end_of_its_turn_are_learnt_and_nothing_of_the_prompt(processor: NvlmProcessor) -> None:
    batch = batcher(processor).batch([example(1, '{"total":"9"}'), example(2, '{"number":"Ünï-€","total":null}')])
    assert learnt_text(processor, batch.labels[0]) == '{"total":"9"}' + TURN_END
    assert learnt_text(processor, batch.labels[1]) == '{"number":"Ünï-€","total":null}' + TURN_END
    width = batch.labels.shape[1]
    learnt = batch.labels != NOT_LEARNT
    assert (batch.inputs["input_ids"][:, -width:][learnt] == batch.labels[learnt]).all()
    assert batch.learnt_tokens == int(learnt.sum())


def test_a_stretch_that_the_truth_does_not_tell_is_not_learnt(processor: NvlmProcessor) -> None:
    batch = batcher(processor).batch([example(1, '{"a":null,"b":"é"}', (5, 9))])
    assert learnt_text(processor, batch.labels[0]) == '{"a":,"b":"é"}' + TURN_END


def test_an_answer_cannot_end_its_turn_early(processor: NvlmProcessor) -> None:
    batch = batcher(processor).batch([example(1, f'{{"a":"{TURN_END}"}}')])
    assert batch.labels[0].tolist().count(processor.eos_token_id) == 1


def test_the_loss_is_that_of_the_whole_networks_answers_given_all_before(
    processor: NvlmProcessor, model: NvlmDForConditionalGeneration
) -> None:
    batch = batcher(processor).batch([example(1, '{"total":"9"}', (9, 12)), example(2, '{"number":"AB"}')])
    with torch.no_grad():
        logits = model(**batch.inputs).logits
        ids = batch.inputs["input_ids"]
        expected = sum(
            float(functional.cross_entropy(logits[row, at - 1], ids[row, at]))
            for row in range(2)
            for at in range(ids.shape[1])
            if (place := at - ids.shape[1] + batch.labels.shape[1]) >= 0 and batch.labels[row, place] != NOT_LEARNT
        )
        assert float(answer_loss(model, batch)) == pytest.approx(expected, rel=1e-4)


def test_steps_are_made_ahead_in_order_from_where_a_run_goes_on(processor: NvlmProcessor) -> None:
    examples = [example(number, f'{{"a":{number}}}') for number in range(6)]
    recipe = Recipe(pages_per_step=4, pages_at_once=2, seed=5)
    made = list(batches_ahead(batcher(processor), examples, recipe, first=2, last=4))
    assert [len(parts) for parts in made] == [2, 2]
    texts = [learnt_text(processor, row) for parts in made for part in parts for row in part.labels]
    numbers = [number for step in (2, 3) for number in examples_of_step(step, 6, size=4, seed=5)]
    assert texts == [f'{{"a":{number}}}' + TURN_END for number in numbers]


def test_pages_that_fit_are_drawn_once_and_the_oldest_gives_way() -> None:
    drawn: list[str] = []

    def draw(one: object) -> DrawnPage:
        drawn.append(getattr(one, "document"))  # noqa: B009 an example
        return draw_noise(one)  # type: ignore[arg-type]

    page_bytes = draw_noise(example(1)).byte_count
    keep = KeptPages(draw, kept_bytes=2 * page_bytes)
    for number in (1, 2, 1, 3, 1, 2):
        keep(example(number))
    assert drawn == ["1.png", "2.png", "3.png", "2.png"]
