"""How long and how fast a run trains."""

import pytest

from docproc.domain.errors import UsageError
from docproc.training.recipe import Recipe, Trained


def test_the_rate_climbs_a_line_then_falls_half_a_cosine_to_a_tenth() -> None:
    recipe = Recipe(learning_rate=1.0)
    rates = [recipe.rate_at(step, 100) for step in range(100)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[5] == pytest.approx(1.0)
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[52] == pytest.approx(0.55, abs=0.01)
    assert rates[99] == pytest.approx(0.1, abs=0.01)


def test_the_warm_up_of_a_long_run_is_no_longer_than_the_papers() -> None:
    recipe = Recipe(learning_rate=1.0)
    assert recipe.rate_at(498, 40_000) < 1.0 == recipe.rate_at(499, 40_000)


@pytest.mark.parametrize(("trained", "rate"), [(Trained.LORA, 1e-4), (Trained.ALIGNMENT, 1e-4), (Trained.ALL, 1e-5)])
def test_each_way_to_train_has_its_usual_rate(trained: Trained, rate: float) -> None:
    assert Recipe(trained=trained).rate_at(0, 1) == pytest.approx(rate)


def test_epochs_say_how_many_steps_there_are_unless_steps_do() -> None:
    assert Recipe(epochs=3, pages_per_step=8).step_count(10) == 4
    assert Recipe(epochs=3, pages_per_step=8, steps=7).step_count(10) == 7


def test_a_step_must_divide_into_what_goes_through_at_once() -> None:
    with pytest.raises(UsageError, match="must divide"):
        Recipe(pages_per_step=8, pages_at_once=3)


def test_weights_in_four_bits_cannot_be_trained_themselves() -> None:
    with pytest.raises(UsageError, match="LoRA only"):
        Recipe(trained=Trained.ALL, four_bit=True)
