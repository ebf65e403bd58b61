"""Which option of a multiple-choice question an answer means, by the published rules; knows no question."""

from collections.abc import Mapping

#: stripped off the ends before an answer is looked at
_END_MARKS = (",", ".", "!", "?", ";", ":", "'")
#: an answer of more words may name an option by its text
_WORDY = 5
_SEPARATORS = str.maketrans(dict.fromkeys(".()[],:;!*#{}", " "))


def mmmu_choice(answer: str, options: Mapping[str, str]) -> str | None:
    """MMMU: `(B)`, then ` B `, then the text of an option in a longer answer; of several the last one.

    None: no option is meant. The official evaluator guesses then.
    """
    text = answer
    for mark in _END_MARKS:
        text = text.strip(mark)
    text = f" {text} "
    for shape in ("({})", " {} "):
        found = {letter: text.rfind(shape.format(letter)) for letter in options}
        if any(place >= 0 for place in found.values()):
            return _last(found)
    if len(text.split()) > _WORDY:
        lower = text.lower()
        found = {letter: lower.rfind(option.lower()) for letter, option in options.items()}
        if any(place >= 0 for place in found.values()):
            return _last(found)
    return None


def mmbench_choice(answer: str, options: Mapping[str, str]) -> str | None:
    """MMBench: the only option letter that stands as a word, else the only option whose text is in the answer.

    An A counts also where it may be the article: the kit doubts it only when it is told to be verbose.

    None: it takes a judge. The official evaluator asks a language model then, or counts the answer as wrong.
    """
    words = answer.translate(_SEPARATORS).split()
    letters = [letter for letter in options if letter in words]
    if len(letters) == 1:
        return letters[0]
    lower = answer.lower()
    named = [letter for letter, option in options.items() if option.lower() in lower]
    return named[0] if len(named) == 1 else None


def _last(found: Mapping[str, int]) -> str:
    return max(found, key=lambda letter: found[letter])
