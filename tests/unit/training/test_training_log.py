"""The log of a run and its plot."""

import re
from pathlib import Path

from docproc.training.log import StepFacts, TrainingLog, plot_losses, smoothed


def facts(step: int) -> StepFacts:
    return StepFacts(step=step, loss=2.0 / step, learning_rate=0.1, gradient_norm=1.0, learnt_tokens=9, seconds=0.5)


def test_what_was_logged_is_read_again(tmp_path: Path) -> None:
    log = TrainingLog(tmp_path / "log.jsonl")
    assert log.read() == []
    for step in (1, 2, 3):
        log.append(facts(step))
    assert log.read() == [facts(1), facts(2), facts(3)]


def test_a_run_that_goes_on_forgets_the_steps_that_it_does_again(tmp_path: Path) -> None:
    log = TrainingLog(tmp_path / "log.jsonl")
    for step in (1, 2, 3):
        log.append(facts(step))
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 4, "lo')  # killed in the middle of a line
    log.cut_behind(2)
    log.append(facts(3))
    assert [one.step for one in log.read()] == [1, 2, 3]


def test_the_plot_shows_a_line_of_every_step_and_is_the_same_each_time(tmp_path: Path) -> None:
    steps = [facts(step) for step in range(1, 30)]
    plot_losses(steps, tmp_path / "a.svg")
    plot_losses(steps, tmp_path / "b.svg")
    drawn = (tmp_path / "a.svg").read_text()
    assert drawn == (tmp_path / "b.svg").read_text()
    assert len(re.findall(r"<path d=\"M[^\"]*L", drawn)) >= 2
    assert "loss per learnt token" in drawn


def test_the_running_mean_begins_with_the_first_loss_and_stays_between_all() -> None:
    means = smoothed([4.0, 2.0] * 100)
    assert means[0] == 4.0
    assert all(2.0 <= mean <= 4.0 for mean in means)
    assert abs(means[-1] - 3.0) < 0.3
