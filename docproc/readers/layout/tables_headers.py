"""Header rows of tables: which rows of a page name columns, and what each column means; reads no values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise

from docproc.domain.geometry import Box
from docproc.domain.page import Word
from docproc.readers.layout.lines import Row, enclosing_words
from docproc.readers.layout.tables_labels import LabelIndex
from docproc.readers.layout.tables_targets import Target, words_of
from docproc.readers.layout.tables_vocabulary import Role
from docproc.values.numbers import parse_number

#: a header has at most this many visual rows
MAX_BAND = 6
#: a run of more words is a sentence, not labels set close together
MAX_RUN = 12
#: fewer columns are no table
MIN_COLUMNS = 2
#: columns that the header of a table without figures must name, unless fewer are asked for
MIN_TEXT_COLUMNS = 3
#: labels over one another share this much of the narrower one's width
STACK_OVERLAP = 0.3
#: labels of at most this many words are cut out of a run of labels
MAX_CUT = 4
#: rows of one header stand at most this many heights apart, white space between
BAND_GAP = 0.75
#: a label inside a run of labels must be told this surely to be cut out
CUT_SCORE, EXACT_SCORE = 0.9, 0.96
#: labels that are not known are parted by more than this many heights, and this much more than words are
WIDE_SPACE, WIDE_FACTOR = 0.5, 1.8
#: and not be tied to the next by one of these
JOINERS = frozenset(",&/+-(")
JOINING_WORDS = frozenset(("and", "und", "et", "y", "e", "en", "or", "oder", "ou", "of", "de", "per", "pro"))
#: meanings of one label that are weighed against each other
MAX_OPTIONS = 4
#: a column means a target from here
MATCH_SCORE = 0.5
#: a header counts from here; two good columns, one of them numeric, reach it
HEADER_SCORE = 1.8
#: what a column that nobody asks for adds, against 1 for one that is asked for
OTHER_WEIGHT = 0.4
NUMERIC_BONUS = 0.3
#: the last lines of labels follow the others within this many heights
TAIL_GAP = 0.15
#: the header of a table that nobody asks for has this many well-known labels, and this share of them all
OTHER_COLUMNS, OTHER_SHARE = 3, 0.7
#: each row that a header needs makes it a little less likely
ROW_COST = 0.04


@dataclass(frozen=True, slots=True)
class Column:
    """One column as its header draws it."""

    #: span of the header cell
    box: Box
    text: str
    #: index among the table's targets; None when the label tells nothing
    target: int | None
    #: how surely the label tells it, 0 to 1
    score: float


@dataclass(frozen=True, slots=True)
class Header:
    """A header: its columns from left to right and where it ends."""

    page: int
    #: indices of its first row and of the first row after it
    first: int
    after: int
    box: Box
    columns: tuple[Column, ...]
    score: float
    #: whether it names what is asked for; other headers only tell where another table begins
    wanted: bool

    @property
    def targets(self) -> frozenset[int]:
        return frozenset(column.target for column in self.columns if column.target is not None)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words of one row that may be one column's label, or a part of it."""

    words: tuple[Word, ...]
    box: Box
    row: int


@lru_cache(maxsize=65536)
def is_figure(text: str) -> bool:
    """Whether a word is a number, a sign or a currency mark aside."""
    return text[-1:] != ":" and any(mark.isdigit() for mark in text) and parse_number(text) is not None


def find_headers(rows: Sequence[Row], index: LabelIndex) -> list[Header]:
    """The headers on one page, top to bottom; none overlaps another."""

    @cache  # a row stands in many of the bands that are tried
    def pieces_of(row: int) -> list[_Piece]:
        return _pieces(rows[row], index)

    found: list[Header] = []
    for start, row in enumerate(rows):
        if not _has_label(row, index):
            continue
        candidates: list[Header] = []
        pieces: list[_Piece] = []
        for after in _band_ends(rows, start):
            pieces += pieces_of(after - 1)
            header = _header(rows[start:after], start, pieces, index)
            if header is not None:
                candidates.append(header)
        if candidates:
            found.append(max(candidates, key=_rank))
    chosen: list[Header] = []
    for header in sorted(found, key=_rank, reverse=True):
        if all(header.after <= other.first or header.first >= other.after for other in chosen):
            chosen.append(header)
    return sorted((_with_tails(header, rows) for header in chosen), key=lambda header: header.first)


def _rank(header: Header) -> tuple[bool, float]:
    return header.wanted, header.score


def _has_label(row: Row, index: LabelIndex) -> bool:
    return any(index.has_word(plain) for word in row.words for plain in words_of(word.text))


def _band_ends(rows: Sequence[Row], start: int) -> Iterator[int]:
    bottom = rows[start].box.top
    for after in range(start, min(start + MAX_BAND, len(rows))):
        row = rows[after]
        height = row.cells[0].height
        prose = any(len(cell.words) > MAX_RUN for cell in row.cells)
        if prose or row.box.top - bottom > BAND_GAP * height or any(is_figure(word.text) for word in row.words):
            return
        bottom = max(bottom, row.box.bottom)
        yield after + 1


def _header(band: Sequence[Row], first: int, pieces: Sequence[_Piece], index: LabelIndex) -> Header | None:
    """What the rows of `band`, of which the page's row `first` is the first, say as a header, cut into `pieces`."""
    stacks = _stacks(_without_spanning(pieces))
    if len(stacks) < MIN_COLUMNS:
        return None
    options = [_options(stack, index) for stack in stacks]
    meanings = best_meanings(options, index.targets)
    columns = tuple(
        Column(enclosing_words(stack), _text(stack), *meaning) for stack, meaning in zip(stacks, meanings, strict=True)
    )
    score = _score(columns, index.targets) - ROW_COST * len(band)
    wanted = score >= HEADER_SCORE and _tells_enough(columns, index.targets)
    if not wanted and not _is_other(columns):
        return None
    box = enclosing_words([word for row in band for word in row.words])
    return Header(band[0].page, first, first + len(band), box, columns, score, wanted)


def _pieces(row: Row, index: LabelIndex) -> list[_Piece]:
    """The cells of `row` whole, or cut where they run several labels together."""
    gaps = [after.left - before.right for cell in row.cells for before, after in pairwise(cell.words)]
    # a space that is wide beside the narrowest of the row parts labels; where all are wide, none does
    wide = max(WIDE_SPACE * row.cells[0].height, WIDE_FACTOR * min(gaps, default=0.0))
    return [
        _Piece(words, enclosing_words(words), cell.row)
        for cell in row.cells
        for words in _labels_in(cell.words, index, wide=wide)
    ]


def _labels_in(words: tuple[Word, ...], index: LabelIndex, *, wide: float) -> list[tuple[Word, ...]]:
    if len(words) == 1 or _best_score(words, index) >= EXACT_SCORE:
        return [words]
    cuts = _cut(words, index) if len(words) <= MAX_RUN else None
    if cuts is not None:
        return cuts
    parts = [[words[0]]]
    for before, after in pairwise(words):
        if after.left - before.right > wide:
            parts.append([])
        parts[-1].append(after)
    return [tuple(part) for part in parts]


def _cut(words: tuple[Word, ...], index: LabelIndex) -> list[tuple[Word, ...]] | None:
    """`words` as consecutive labels that are all well known, exact and long ones first; None when they are not."""
    if not words:
        return []
    lengths = range(min(MAX_CUT, len(words)), 0, -1)
    scores = {length: _best_score(words[:length], index) for length in lengths}
    for least in (EXACT_SCORE, CUT_SCORE):
        for length in lengths:
            joined = length < len(words) and _is_joined(words[length - 1], words[length])
            if scores[length] < least or joined:
                continue
            rest = _cut(words[length:], index)
            if rest is not None:
                return [words[:length], *rest]
    return None


def _best_score(words: tuple[Word, ...], index: LabelIndex) -> float:
    found = index.match(" ".join(word.text for word in words))
    return found[0][1] if found else 0.0


def _is_joined(before: Word, after: Word) -> bool:
    """Whether two words belong to one label: `article, name & description`."""
    return (
        before.text[-1:] in JOINERS or after.text[:1] in JOINERS or {before.text, after.text} & JOINING_WORDS != set()
    )


def _without_spanning(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Without titles that stand over or under several columns."""
    return [
        piece
        for piece in pieces
        if all(
            sum(_overlaps(piece.box, other.box) for other in pieces if other.row == row) < MIN_COLUMNS
            for row in {other.row for other in pieces} - {piece.row}
        )
    ]


def _overlaps(first: Box, second: Box) -> bool:
    return first.horizontal_overlap(second) > STACK_OVERLAP


def _stacks(pieces: Sequence[_Piece]) -> list[list[Word]]:
    """Pieces that stand over one another as one label each, left to right, words in reading order."""
    groups: list[tuple[Box, list[_Piece]]] = []
    for piece in pieces:
        over = [group for group in groups if _overlaps(group[0], piece.box)]
        members = [piece, *(member for _, group in over for member in group)]
        groups = [group for group in groups if group not in over]
        groups.append((enclosing_words([word for member in members for word in member.words]), members))
    groups.sort(key=lambda group: group[0].left)
    return [
        [word for piece in sorted(members, key=lambda piece: (piece.row, piece.box.left)) for word in piece.words]
        for _, members in groups
    ]


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _options(stack: Sequence[Word], index: LabelIndex) -> list[tuple[int, float]]:
    text = _text(stack)
    # "Total:" is the name of a value beside it, hardly that of a column
    weight = 0.6 if text.rstrip().endswith(":") else 1.0
    found = [(target, weight * score) for target, score in index.match(text) if weight * score >= MATCH_SCORE]
    # a total with tax is taken for one without when nothing better is printed
    return [(target, max(MATCH_SCORE, score + index.fit(target, text))) for target, score in found[:MAX_OPTIONS]]


def best_meanings(
    options: Sequence[Sequence[tuple[int, float]]], targets: Sequence[Target]
) -> list[tuple[int | None, float]]:
    """One meaning for each column, none given twice, with the greatest sum of scores; fields asked for count more."""
    known: dict[tuple[int, frozenset[int]], tuple[float, tuple[int, ...]]] = {}
    later = [frozenset(t for opts in options[at:] for t, _ in opts) for at in range(len(options) + 1)]

    def best(at: int, used: frozenset[int]) -> tuple[float, tuple[int, ...]]:
        if at == len(options):
            return 0.0, ()
        state = (at, used & later[at])
        if state not in known:
            value, choice = best(at + 1, used)
            found = (value, (-1, *choice))
            for position, (target, score) in enumerate(options[at]):
                if target in used:
                    continue
                value, choice = best(at + 1, used | {target})
                found = max(found, (value + _weight(targets[target]) * score, (position, *choice)))
            known[state] = found
        return known[state]

    _, choices = best(0, frozenset())
    return [(None, 0.0) if choice < 0 else opts[choice] for opts, choice in zip(options, choices, strict=True)]


def _weight(target: Target) -> float:
    return OTHER_WEIGHT if target.spec is None else 1.0


def _score(columns: Sequence[Column], targets: Sequence[Target]) -> float:
    total = 0.0
    for column in columns:
        if column.target is not None:
            target = targets[column.target]
            total += column.score * (_weight(target) + (NUMERIC_BONUS if target.is_numeric else 0.0))
    told = sum(column.target is not None for column in columns)
    return total * (0.5 + 0.5 * told / len(columns))


def _tells_enough(columns: Sequence[Column], targets: Sequence[Target]) -> bool:
    told = [targets[column.target] for column in columns if column.target is not None]
    asked = [target for target in told if target.spec is not None]
    if len(told) < MIN_COLUMNS or not asked:
        return False
    wanted = [target for target in targets if target.spec is not None]
    roles = {target.role for target in told}
    billed = Role.DESCRIPTION in roles and not roles.isdisjoint({Role.QUANTITY, Role.UNIT_PRICE})
    if billed and all(target.role is not Role.DESCRIPTION for target in wanted):
        return False  # a table of articles, and none are asked for
    described = any(target.is_text for target in told) or all(target.role is not Role.DESCRIPTION for target in wanted)
    if len(asked) <= MIN_COLUMNS and not described:
        return False  # figures that nothing describes are a summary, of taxes or of payments
    if any(target.is_numeric for target in wanted):
        return any(target.is_numeric for target in asked)
    return len(asked) >= min(len(wanted), MIN_TEXT_COLUMNS)  # words alone are easily met by chance


def _is_other(columns: Sequence[Column]) -> bool:
    """Whether `columns` head some table: nearly all labels are well known."""
    told = sum(column.score >= CUT_SCORE for column in columns)
    return told >= OTHER_COLUMNS and told >= OTHER_SHARE * len(columns)


def _with_tails(header: Header, rows: Sequence[Row]) -> Header:
    """With the rows that overlap it in height: the last lines of labels that wrap more often than the others."""
    after, bottom = header.after, header.box.bottom
    while after < len(rows):
        row = rows[after]
        if any(is_figure(word.text) for word in row.words) or not _is_tail(row, header, rows[after + 1 :], bottom):
            break
        bottom = max(bottom, row.box.bottom)
        after += 1
    if after == header.after:
        return header
    box = Box(header.box.left, header.box.top, header.box.right, bottom)
    return replace(header, after=after, box=box)


def _is_tail(row: Row, header: Header, following: Sequence[Row], bottom: float) -> bool:
    """Whether `row` ends the header above it: it stands in its columns, and closer to it than to what follows."""
    gap, height = row.box.top - bottom, row.box.height
    if gap < -TAIL_GAP * height:
        return True
    if gap > TAIL_GAP * height or not following:
        return False
    in_columns = all(any(_overlaps(cell.box, column.box) for column in header.columns) for cell in row.cells)
    return in_columns and following[0].box.top - row.box.bottom > gap + TAIL_GAP / 2 * height
