"""Every answer is judged here: what is no record is said to be none, and nothing is guessed."""

import json
import math

import pytest

from docproc.domain.schema import Record
from docproc.readers.checking import Checked, check, findings_of, without
from docproc.readers.remote.forms import mending_form, served_form
from docproc.readers.remote.hints import hints_of
from docproc.readers.remote.stream import Answer, AnswerStream, Ending, ScoredToken, StreamFault
from schemas import load_schema, names
from schemas.json_schema import compile_json_schema

SCHEMA = compile_json_schema(
    {
        "title": "Bill",
        "type": "object",
        "properties": {
            "total": {"type": ["string", "null"], "pattern": "^\\d+\\.\\d\\d$", "x-docproc": {"kind": "money"}},
            "seller": {"type": ["string", "null"], "maxLength": 20},
            "share": {"type": ["number", "null"]},
            "lines": {"type": "array", "maxItems": 2, "items": {"type": "object", "properties": {
                "name": {"type": ["string", "null"]}}}},
        },
    }
)  # fmt: skip
FORM = served_form(SCHEMA)
GOOD: Record = {"total": "12.50", "seller": "A", "share": 0.1, "lines": [{"name": "x"}]}


def checked(text: str) -> Checked:
    return check(text, SCHEMA, FORM)


def test_a_whole_record_has_no_findings() -> None:
    assert checked(json.dumps(GOOD)) == Checked(record=GOOD)


def test_thoughts_before_a_record_are_left_away() -> None:
    assert checked('<think>{"total": "9.99"}</think>\n' + json.dumps(GOOD)).record == GOOD


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("I cannot do that.", "no JSON object"),
        ("", "no JSON object"),
        ('{"total": "12.', "ends before"),
        ('{"total": 12.50.1}', "not valid JSON"),
        ('{"share": ' + "9" * 5000 + "}", "not valid JSON"),
        ("{" + '"a":{' * 100_000, "JSON"),
        ('{"error": "overloaded"}', "none of the fields"),
        ('{"amount": "12.50"}', "none of the fields"),
    ],
)
def test_what_is_no_record_is_said_to_be_none(text: str, said: str) -> None:
    result = checked(text)

    assert result.record is None
    assert said in str(result.findings[0])


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"total": "12,50"}, ("total",)),
        ({"seller": "x" * 21}, ("seller",)),
        ({"seller": 3}, ("seller",)),
        ({"seller": "a\u0000b"}, ("seller",)),
        ({"share": math.nan}, ("share",)),
        ({"lines": [{"name": "x"}, {"name": 3}]}, ("lines", 1, "name")),
        ({"lines": [{"name": "x"}] * 3}, ("lines",)),
    ],
)
def test_a_wrong_value_is_found_where_it_stands(change: Record, place: tuple[str | int, ...]) -> None:
    result = checked(json.dumps({**GOOD, **change}))

    assert [finding.place for finding in result.findings] == [place]


def test_half_a_letter_is_found() -> None:
    assert checked('{"seller": "\\ud800"}').findings[0].path == "seller"


def test_findings_hold_no_value() -> None:
    result = checked(json.dumps({**GOOD, "total": "secret"}))

    assert "secret" not in str(result.findings)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"total": "?"}, "?"),
        ({"total": "?" * 201}, "?" * 201),
        ({"total": "1\ud800\x00"}, "1\ufffd\ufffd"),
        ({"share": math.inf}, "inf"),
    ],
)
def test_a_wrong_value_becomes_null_and_is_kept_beside_the_record(change: Record, kept: str) -> None:
    wrong = {**GOOD, **change}
    record, rejected = without(wrong, findings_of(wrong, FORM))

    assert record == {**GOOD, **dict.fromkeys(change)}
    assert rejected == dict.fromkeys(change, kept)
    assert findings_of(record, FORM) == ()


def test_the_form_of_a_mending_fixes_all_that_is_not_open() -> None:
    form = mending_form(SCHEMA, GOOD, ["total"])

    assert findings_of({**GOOD, "total": "9.00"}, form) == ()
    assert findings_of({**GOOD, "total": "9,00"}, form) != ()
    assert findings_of({**GOOD, "seller": "B"}, form) != ()
    assert findings_of({**GOOD, "lines": [{"name": "y"}]}, form) != ()


@pytest.mark.parametrize("name", [registered.name for registered in names()])
def test_the_empty_record_of_every_schema_that_comes_with_docproc_is_valid(name: str) -> None:
    schema = load_schema(name)
    answer = json.dumps({spec.name: None for spec in schema.fields})

    assert check(answer, schema, served_form(schema)).findings == ()


# --- log-probabilities ------------------------------------------------------------------------------------------------


def answer_of(*tokens: tuple[str, float], text: str | None = None) -> Answer:
    spelt = "".join(token for token, _ in tokens)
    return Answer(
        text=spelt if text is None else text,
        ending=Ending.STOP,
        tokens=tuple(ScoredToken(token.encode(), logprob) for token, logprob in tokens),
    )


def test_a_value_has_the_mean_probability_of_its_own_tokens() -> None:
    answer = answer_of(
        ('{"', -9), ("total", -9), ('": "', -9), ("12", -0.1), (".50", -0.3), ('",', -9),
        (' "seller":', -9), (" null", -0.7), ("}", -9), ("<|im_end|>", -9),
        text='{"total": "12.50", "seller": null}',
    )  # fmt: skip
    record = checked(answer.text).record
    assert record is not None
    hints = hints_of(answer, record, SCHEMA.fields)

    assert hints["total"].model == pytest.approx(math.exp((-0.1 - 0.3) / 2))
    assert hints["seller"].model == pytest.approx(math.exp(-0.7))


def test_a_fence_and_thoughts_before_the_record_do_not_shift_it() -> None:
    answer = answer_of(
        ("<think>", -5), ('{"total"', -5), ("</think>", -5), ("```json\n{", -5), ('"total": ', -5), ('"1.00"', -0.2),
        ("}\n```", -5),
    )  # fmt: skip
    record = checked(answer.text).record
    assert record is not None

    assert hints_of(answer, record, SCHEMA.fields)["total"].model == pytest.approx(math.exp(-0.2))


def test_tokens_that_do_not_spell_the_answer_say_nothing() -> None:
    answer = answer_of(('{"total":', -1), ('"2.00"}', -1), text='{"total":"1.00"}')

    assert hints_of(answer, {"total": "1.00"}, SCHEMA.fields[:1]) == {}


# --- streams ----------------------------------------------------------------------------------------------------------


def fed(*chunks: bytes) -> Answer:
    stream = AnswerStream()
    for chunk in chunks:
        stream.feed(chunk)
    return stream.answer()


def test_a_stream_may_be_cut_anywhere() -> None:
    whole = (
        'data: {"choices":[{"delta":{"content":"né"}}]}\r\n\r\n: ping\n\n'
        'data:{"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    ).encode()

    for place in range(len(whole)):
        answer = fed(whole[:place], whole[place:])
        assert (answer.text, answer.ending) == ("né", Ending.STOP)


@pytest.mark.parametrize(
    ("event", "ending"),
    [
        (b'{"choices":[{"delta":{"content":"x"},"finish_reason":"length"}]}', Ending.LENGTH),
        (b'{"choices":[{"delta":{"content":"x"},"finish_reason":"content_filter"}]}', Ending.REFUSED),
        (b'{"choices":[{"delta":{"refusal":"no"}}]}', Ending.REFUSED),
        (b'{"choices":[{"delta":{"content":"x"}}]}', Ending.BROKEN),
        (b'{"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}', Ending.STOP),
    ],
)
def test_how_an_answer_ended_is_told(event: bytes, ending: Ending) -> None:
    assert fed(b"data: " + event + b"\n").ending is ending


@pytest.mark.parametrize("line", [b"data: {oops\n", b"data: []\n", b'data: {"error":{"code":500}}\n'])
def test_a_stream_of_nonsense_is_a_fault(line: bytes) -> None:
    with pytest.raises(StreamFault):
        fed(line)


def test_odd_parts_of_events_are_passed_over() -> None:
    odd = b'data: {"choices":[{"delta":7,"logprobs":{"content":[{"logprob":"x"},3]}}],"usage":{"prompt_tokens":true}}\n'

    assert fed(odd).text == ""
