"""How right one answer is by the metric of a benchmark, from 0 to 1; knows no file and no data set."""

from collections.abc import Callable, Sequence

from rapidfuzz.distance import Levenshtein

from docproc.evaluation.forms import ANLS_THRESHOLD, RELAXED
from docproc.evaluation.vqa_form import one_line, textvqa_form, vqa_form

#: of the other annotators, how many must agree with an answer for it to be fully right
_AGREEING = 3


def docvqa_anls(answer: str, true: Sequence[str]) -> float:
    """DocVQA and InfographicVQA: the closest true answer's 1 - NL, and 0 under one half.

    Edits are counted without case and runs of white space; the lengths that they are a share of have both, as given.
    """
    return max((_alike(answer, one) for one in true), default=0.0)


def _alike(answer: str, true: str) -> float:
    left, right = (" ".join(text.strip().lower().split()) for text in (answer, true))
    longest = max(len(answer.upper()), len(true.upper()))
    alike = 1.0 - Levenshtein.distance(left, right) / longest if longest else 1.0
    return alike if alike >= ANLS_THRESHOLD else 0.0


def relaxed_accuracy(answer: str, true: Sequence[str]) -> float:
    """ChartQA: a number within 5 % of the true one, anything else the same letters whatever their case."""
    return float(any(_is_relaxed(answer.strip(), one) for one in true))


def _is_relaxed(answer: str, true: str) -> bool:
    given, known = _number(answer), _number(true)
    if given is None or not known:  # no share of zero is defined
        return answer.lower() == true.lower()
    return abs(given - known) / abs(known) <= RELAXED


def _number(text: str) -> float | None:
    """A plain number; a percentage is a hundredth of it."""
    try:
        return float(text.rstrip("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return None


def textvqa_accuracy(answer: str, true: Sequence[str]) -> float:
    """TextVQA: agreement with ten annotators, of whom each in turn is left out."""
    return _agreement(textvqa_form(answer), [textvqa_form(one) for one in true])


def vqa_accuracy(answer: str, true: Sequence[str]) -> float:
    """VQAv2: the same; answers are brought into a common form only where the annotators differ."""
    form: Callable[[str], str] = vqa_form if len({one_line(one) for one in true}) > 1 else one_line
    return _agreement(form(answer), [form(one) for one in true])


def _agreement(answer: str, true: Sequence[str]) -> float:
    if len(true) == 1:  # nobody is left when one is left out
        return float(answer == true[0])
    matching = sum(one == answer for one in true)
    shares = (min(1.0, (matching - (one == answer)) / _AGREEING) for one in true)
    return sum(shares) / len(true) if true else 0.0


def contains_answer(answer: str, true: Sequence[str], *, formula: bool = False) -> float:
    """OCRBench: a true answer stands in what was said; formulas without any space, the rest whatever its case."""
    said = _ocr_form(answer, formula=formula)
    return float(any(_ocr_form(one, formula=formula) in said for one in true))


def _ocr_form(text: str, *, formula: bool) -> str:
    flat = text.strip().replace("\n", " ")
    return flat.replace(" ", "") if formula else flat.lower()


def same_answer(answer: str, true: Sequence[str]) -> float:
    """RealWorldQA: the same in VQA's form; of an option its letter."""
    return float(any(_is_same(answer, one) for one in true))


def _is_same(answer: str, true: str) -> bool:
    known, said = true.strip(), answer.strip()
    if len(known) == 1 and known.isalpha():
        letter = said.lstrip("(")[:1]
        after = said.lstrip("(")[1:2]
        return letter.upper() == known.upper() and not after.isalnum() and after not in {" ", "'"}
    return vqa_form(said) == vqa_form(known)
