"""What a server refuses is left away, one thing after the other; addresses are taken in all usual spellings."""

import pytest

from docproc.domain.errors import UsageError
from docproc.readers.remote.config import RemoteConfig, base_address
from docproc.readers.remote.dialect import AnswerForm, Dialect, Terms, is_too_long
from docproc.readers.remote.wire import retry_after


def test_everything_is_asked_first() -> None:
    told = Dialect().options({"type": "object"})

    assert told["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert {"stream", "logprobs", "stream_options", "temperature", "max_tokens"} <= told.keys()


@pytest.mark.parametrize(
    ("complaint", "changed"),
    [
        ("Unknown parameter: 'stream_options'", {"usage": False}),
        ("logprobs is not supported with this model", {"logprobs": False}),
        ("response_format.type must be text or json_object", {"form": AnswerForm.OBJECT}),
        ("Grammar error: Unimplemented keys", {"form": AnswerForm.OBJECT}),
        ("temperature: only 1 is allowed", {"greedy": False}),
        ("use 'max_completion_tokens' instead of 'max_tokens'", {"limit": "max_completion_tokens"}),
        ("This model's maximum context length is 4096 tokens", {"limit": None}),
    ],
)
def test_a_complaint_names_what_to_leave_away(complaint: str, changed: dict[str, object]) -> None:
    terms = Terms(Dialect(), is_usual=True)

    assert terms.leave_away(complaint)
    assert {name: getattr(terms.dialect, name) for name in changed} == changed


def test_without_a_word_everything_optional_goes_in_turn() -> None:
    terms = Terms(Dialect(), is_usual=True)
    while terms.leave_away("bad request"):
        pass

    assert terms.dialect == Dialect(form=AnswerForm.PLAIN, logprobs=False, usage=False, greedy=False, limit=None)


def test_without_a_word_the_same_is_asked_once_more_before_anything_goes() -> None:
    terms = Terms(Dialect(), is_usual=True)
    assert terms.leave_away("bad request")
    assert terms.lesson == Dialect()
    assert terms.leave_away("bad request")

    assert terms.lesson == Dialect(usage=False)


def test_what_a_complaint_names_is_learned_at_once() -> None:
    terms = Terms(Dialect(), is_usual=True)
    assert terms.leave_away("stream_options: extra field")

    assert terms.lesson == Dialect(usage=False)


def test_too_long_stays_too_long_and_teaches_nothing() -> None:
    terms = Terms(Dialect(), is_usual=True)
    assert terms.leave_away("context_length_exceeded")
    assert (terms.dialect, terms.lesson) == (Dialect(limit=None), None)
    assert not terms.leave_away("context_length_exceeded")
    assert is_too_long("Context_Length_Exceeded")


def test_a_form_made_for_one_question_teaches_nothing() -> None:
    terms = Terms(Dialect(), is_usual=False)
    assert terms.leave_away("json_schema: const is not supported")

    assert terms.lesson is None


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("http://h:8000", "http://h:8000/v1"),
        ("http://h:8000/", "http://h:8000/v1"),
        (" https://h/v1/ ", "https://h/v1"),
        ("https://h/openai/v1/chat/completions", "https://h/openai/v1"),
    ],
)
def test_an_address_may_be_written_in_many_ways(written: str, address: str) -> None:
    assert base_address(written) == address


@pytest.mark.parametrize("written", ["h:8000", "ftp://h", "http://", "http://u:p@h", "http://h/v1?key=x", "http://h:x"])
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(UsageError) as caught:
        base_address(written)
    assert "u:p" not in caught.value.message


def test_a_key_is_not_printed() -> None:
    assert "secret" not in repr(RemoteConfig(endpoints=(), api_key="secret"))


@pytest.mark.parametrize(
    ("said", "least", "most"), [("3", 3, 3), ("-1", 0, 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0)]
)
def test_how_long_to_wait_is_said_in_seconds_or_as_a_date(said: str, least: float, most: float) -> None:
    seconds = retry_after(said)

    assert seconds is not None
    assert least <= seconds <= most


@pytest.mark.parametrize("said", [None, "", "soon", "nan", "inf", "-inf"])
def test_nonsense_is_no_time_to_wait(said: str | None) -> None:
    assert retry_after(said) is None
