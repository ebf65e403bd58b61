"""A line's recogniser output becomes words with places."""

import numpy as np

from docproc.pages import ctc

ALPHABET = ["blank", *"abcdefghijklmnopqrstuvwxyz0123456789.é試", " "]


def line(reading, sure=0.99, spaces=()):
    """One step a character of `reading`, `_` for nothing; `spaces`: (step, probability) of a blank."""
    steps = np.full((len(reading), len(ALPHABET)), 1e-4, np.float32)
    for step, char in enumerate(reading):
        steps[step, 0 if char == "_" else ALPHABET.index(char)] = sure
    for step, probability in spaces:
        steps[step, -1] = probability
    return steps


def read(reading, **options):
    return ctc.decode(line(reading, **options), ALPHABET, columns=len(reading))


def test_repeated_steps_are_one_letter_and_a_gap_doubles_it():
    assert [piece.text for piece in read("_aa_b_b_")] == ["abb"]


def test_a_blank_that_is_read_parts_words():
    assert [piece.text for piece in read("a_b_ _c_d")] == ["ab", "cd"]


def test_a_blank_that_is_nearly_read_parts_words():
    assert [piece.text for piece in read("a_b_c_d", spaces=[(3, 0.2)])] == ["ab", "cd"]
    assert [piece.text for piece in read("a_b_c_d", spaces=[(3, 0.01)])] == ["abcd"]


def test_a_wide_step_parts_words():
    assert [piece.text for piece in read("a_b_c_______d_e_f")] == ["abc", "def"]


def test_places_run_along_the_line_without_overlap():
    first, second = read("_a_b_ ___c_d_")
    assert 0 <= first.start < first.end <= second.start < second.end <= 1


def test_padding_is_not_part_of_the_line():
    (piece,) = ctc.decode(line("a_b_c_" + "_" * 20), ALPHABET, columns=6)
    assert piece.end > 0.8


def test_confidence_is_the_mean_of_the_letters():
    (piece,) = read("a_b", sure=0.6)
    assert abs(piece.confidence - 0.6) < 1e-6


def test_nothing_read_is_no_word():
    assert read("____") == []


def test_the_letter_o_in_a_number_is_a_nought():
    assert [piece.text for piece in read("4_3_8_0_o")] == ["43800"]
    assert [piece.text for piece in read("2_0_o_c_t")] == ["20oct"]


def test_doubtful_accents_go_where_the_page_has_hardly_any():
    lines = [read("a_b_c_d_e_f" * 60), read("c_a_f_é", sure=0.6)]
    assert ctc.without_dirt(lines)[1][0].text == "cafe"


def test_accents_stay_in_a_language_that_has_them():
    lines = [read("c_a_f_é", sure=0.6), read("c_a_f_é_s")]
    assert [line[0].text for line in ctc.without_dirt(lines)] == ["café", "cafés"]


def test_sure_accents_stay():
    lines = [read("a_b_c_d_e_f" * 60), read("c_a_f_é", sure=0.99)]
    assert ctc.without_dirt(lines)[1][0].text == "café"


def test_a_doubtful_sign_of_another_script_is_dirt_on_a_latin_page():
    lines = [read("a_b_c_d_e_f" * 60), read("試", sure=0.5), read("試", sure=0.99)]
    assert [[piece.text for piece in line] for line in ctc.without_dirt(lines)[1:]] == [[], ["試"]]
