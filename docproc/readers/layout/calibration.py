"""From a score to a probability that is right as often as it says; knows the kinds of values, no document."""

from docproc.readers.layout.score import Scored


def probability_of(entry: Scored) -> float:
    """The calibrated probability that the chosen candidate is right."""
    return entry.probability
