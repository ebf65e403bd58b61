from typeset import page_of, words_of

from docproc.domain.geometry import Box
from docproc.domain.page import PageContent, TextSource, Word
from docproc.readers.layout.lines import blocks, sheet_of, visual_rows
from docproc.readers.layout.orientation import turned


def texts(page: PageContent) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in visual_rows(page)]


def test_words_of_one_height_are_a_row_with_cells_cut_at_wide_gaps():
    assert texts(page_of([[(50, "Invoice No"), (300, "4711")], "Total due"])) == [["Invoice No", "4711"], ["Total due"]]


def test_words_out_of_order_are_read_left_to_right():
    page = page_of([[(300, "right"), (50, "left")]])
    assert texts(page) == [["left", "right"]]


def test_a_skewed_scan_keeps_its_recognised_lines_in_one_row():
    sloping = tuple(Word(f"w{n}", 50 + 60 * n, 100 + 2.0 * n, 100 + 60 * n, 112 + 2.0 * n, 0, 0.9) for n in range(8))
    page = PageContent(number=1, width=600, height=800, rotation=0, source=TextSource.OCR, words=sloping)
    assert len(visual_rows(page)) == 1


def test_gaps_are_the_white_space_between_neighbours():
    (row,) = visual_rows(page_of([[(50, "ab"), (200, "cd")]]))
    assert row.gaps == (140.0,)


def test_blocks_end_where_the_leading_widens():
    rows = visual_rows(page_of(["Jane Doe", "12 High Street", "", "Invoice"]))
    assert [block.text for block in blocks(rows)] == ["Jane Doe 12 High Street", "Invoice"]


def test_a_page_without_words_has_no_rows():
    assert sheet_of(page_of([])).rows == ()


def sideways(word: Word, *, height: float, upwards: bool, width: float) -> Word:
    box = word.box
    if upwards:
        place = Box(box.top, height - box.right, box.bottom, height - box.left)
    else:
        place = Box(width - box.bottom, box.left, width - box.top, box.right)
    return word._replace(**place._asdict())


def test_print_that_runs_up_or_down_the_page_is_turned_and_back():
    straight = words_of([[(50, "Invoice number"), (300, "A-4711")], "Advertiser Example"])
    for upwards in (True, False):
        words = tuple(sideways(word, height=842, upwards=upwards, width=595) for word in straight)
        page = PageContent(number=1, width=595, height=842, rotation=0, source=TextSource.TEXT_LAYER, words=words)
        upright, back = turned(page)
        assert texts(upright) == [["Invoice number", "A-4711"], ["Advertiser Example"]]
        assert [back(word.box) for word in upright.words] == [word.box for word in words]


def test_a_page_the_right_way_up_is_left_alone():
    page = page_of(["Invoice number 4711"])
    assert turned(page)[0] is page


def test_a_page_shown_upside_down_is_turned_over_and_back():
    straight = words_of([[(50, "Invoice number is"), (300, "A-4711")], "Advertiser Example of all"])
    words = tuple(
        word._replace(left=595 - word.right, top=842 - word.bottom, right=595 - word.left, bottom=842 - word.top)
        for word in straight
    )
    page = PageContent(number=1, width=595, height=842, rotation=180, source=TextSource.TEXT_LAYER, words=words)
    upright, back = turned(page)
    assert texts(upright) == [["Invoice number is", "A-4711"], ["Advertiser Example of all"]]
    assert [back(word.box) for word in upright.words] == [word.box for word in words]


def test_lines_that_run_to_the_left_by_their_script_are_no_page_upside_down():
    hebrew = tuple(Word("שלום", 400 - 50 * n, 40, 440 - 50 * n, 52, 0) for n in range(8))
    page = PageContent(number=1, width=595, height=842, rotation=0, source=TextSource.TEXT_LAYER, words=hebrew)
    assert turned(page)[0] is page


def test_rows_of_a_photo_taken_aslant_are_made_level():
    lines = [[(50, "Article number"), (400, f"{n}.80")] for n in range(8)]
    slanting = [
        word._replace(top=word.top + 0.08 * word.left, bottom=word.bottom + 0.08 * word.left, line=number)
        for number, word in enumerate(words_of(lines))
    ]
    whole = [
        word._replace(line=word.line - (word.text == "number")) for word in slanting
    ]  # OCR gives label and value a line each
    page = PageContent(number=1, width=595, height=842, rotation=0, source=TextSource.OCR, words=tuple(whole))
    level, back = turned(page)
    assert texts(level) == [["Article number", f"{n}.80"] for n in range(8)]
    assert [back(word.box) for word in level.words] == [word.box for word in whole]
