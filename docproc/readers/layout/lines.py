"""Words of a page as visual rows, cells and blocks; knows geometry only, neither fields nor values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from docproc.domain.geometry import Box, enclosing
from docproc.domain.page import PageContent, TextSource, Word

#: a gap wider than this many word heights ends a cell
CELL_GAP = 1.0
#: the same where the next word belongs to another text line of the source
LINE_GAP = 0.7
#: boxes of recognised lines are tighter than their print
OCR_LINE_GAP = 0.9
#: share of the lower height that two words of one visual row have in common
ROW_OVERLAP = 0.5
#: lines of a block stand at most this many heights apart
BLOCK_LEADING = 0.9
#: a wider gap than the one before by this many heights ends a block
LEADING_JUMP = 0.35
#: taller than wide by this factor: print that runs up or down the page
UPRIGHT = 2.5
#: shorter words tell nothing by their shape
UPRIGHT_LENGTH = 3
#: share of the narrower width that cells above one another have in common
COLUMN_OVERLAP = 0.3
CENTRED_OVERLAP = 0.8
#: print sizes of one block differ at most by this factor
SIZE_RATIO = 1.6


@dataclass(frozen=True, slots=True)
class Cell:
    """Words of one visual row without a wide gap between them."""

    words: tuple[Word, ...]
    box: Box
    text: str
    #: page number
    page: int
    #: index of its row on the page
    row: int

    @property
    def height(self) -> float:
        """Print size: the median height of its words."""
        return median(word.bottom - word.top for word in self.words)


@dataclass(frozen=True, slots=True)
class Row:
    """All print at one height of a page, left to right."""

    cells: tuple[Cell, ...]
    box: Box
    #: index on the page, top to bottom
    index: int
    page: int

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for cell in self.cells for word in cell.words)

    @property
    def gaps(self) -> tuple[float, ...]:
        """White space after each word but the last, in page points."""
        words = self.words
        return tuple(after.left - before.right for before, after in pairwise(words))

    @property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Block:
    """Cells that stand under one another as one paragraph or address."""

    cells: tuple[Cell, ...]
    box: Box

    @property
    def page(self) -> int:
        return self.cells[0].page

    @property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page seen as rows and blocks."""

    page: PageContent
    rows: tuple[Row, ...]
    blocks: tuple[Block, ...]
    #: print size of the page's body: the median height of its words
    body: float

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(cell for row in self.rows for cell in row.cells)


def sheet_of(page: PageContent) -> Sheet:
    """`page` as rows and blocks."""
    rows = visual_rows(page)
    heights = [word.bottom - word.top for row in rows for word in row.words]
    return Sheet(page, tuple(rows), tuple(blocks(rows)), median(heights) if heights else 0.0)


def visual_rows(page: PageContent) -> list[Row]:
    """The rows of `page`, top to bottom; words left to right, cells split at wide gaps."""
    upright = [word for word in page.words if word.text.strip() and stands_upright(word)]
    segments = _segments(word for word in page.words if word.text.strip() and not stands_upright(word))
    gathered = _gather(segments)
    gathered.extend([word] for word in upright)
    gathered.sort(key=lambda words: median((word.top + word.bottom) / 2 for word in words))
    line_gap = OCR_LINE_GAP if page.source is TextSource.OCR else LINE_GAP
    return [_row(words, index=index, page=page.number, line_gap=line_gap) for index, words in enumerate(gathered)]


def blocks(rows: Sequence[Row]) -> list[Block]:
    """Paragraphs and addresses: cells chained downwards while they stay aligned, close and alike in size."""
    below: dict[int, Cell] = {}
    taken: set[int] = set()
    for row in rows:
        for cell in row.cells:
            following = _continuation(cell, rows)
            if following is not None and id(following) not in taken:
                below[id(cell)] = following
                taken.add(id(following))
    chains: list[Block] = []
    for row in rows:
        for cell in row.cells:
            if id(cell) not in taken:
                chains.extend(_chains(cell, below))
    return chains


def cell_of(words: Sequence[Word], *, page: int, row: int) -> Cell:
    """A cell of `words`, which must not be empty."""
    return Cell(tuple(words), enclosing_words(words), " ".join(word.text for word in words), page, row)


def enclosing_words(words: Sequence[Word]) -> Box:
    """The smallest box around `words`."""
    return Box(
        min(word.left for word in words),
        min(word.top for word in words),
        max(word.right for word in words),
        max(word.bottom for word in words),
    )


def stands_upright(word: Word, *, ratio: float = UPRIGHT) -> bool:
    """Whether a word runs up or down the page rather than across."""
    return len(word.text) >= UPRIGHT_LENGTH and (word.bottom - word.top) > ratio * (word.right - word.left)


def _segments(words: Iterable[Word]) -> list[list[Word]]:
    """Words of the same text line of the source: an OCR line stays one row even when the scan is skewed."""
    by_line: dict[int, list[Word]] = {}
    for word in words:
        by_line.setdefault(word.line, []).append(word)
    segments: list[list[Word]] = []
    for line in by_line.values():
        line.sort(key=lambda word: word.left)
        segments.extend(_level_parts(line))
    segments.sort(key=lambda part: part[0].top + part[0].bottom)
    return segments


def _level_parts(line: list[Word]) -> list[list[Word]]:
    """`line` cut where neighbours do not stand at one height: a source may call a whole paragraph one line."""
    parts: list[list[Word]] = []
    for word in line:
        home = next((part for part in reversed(parts) if _overlap(part[-1], word) >= ROW_OVERLAP), None)
        if home is None:
            parts.append([word])
        else:
            home.append(word)
    return parts


def _gather(segments: Sequence[list[Word]]) -> list[list[Word]]:
    """Segments that stand side by side joined to rows."""
    rows: list[list[Word]] = []
    open_rows: list[list[Word]] = []
    for segment in segments:
        top = min(word.top for word in segment)
        open_rows = [row for row in open_rows if max(word.bottom for word in row) > top]
        best, best_overlap = None, ROW_OVERLAP
        for row in open_rows:
            overlap = _beside(row, segment)
            if overlap >= best_overlap:
                best, best_overlap = row, overlap
        if best is None:
            fresh = list(segment)
            rows.append(fresh)
            open_rows.append(fresh)
        else:
            best.extend(segment)
    return rows


def _beside(row: Sequence[Word], segment: Sequence[Word]) -> float:
    """Vertical overlap of `segment` with the nearest word of `row`; 0 when they cover one another."""
    left, right = segment[0].left, max(word.right for word in segment)
    nearest, distance = None, float("inf")
    for word in row:
        if min(word.right, right) - max(word.left, left) > COLUMN_OVERLAP * min(word.right - word.left, right - left):
            return 0.0
        gap = left - word.right if word.right <= left + 1 else word.left - right
        if gap < distance:
            nearest, distance = word, gap
    if nearest is None:
        return 0.0
    return _overlap(nearest, segment[0] if nearest.left < left else segment[-1])


def _overlap(first: Word, second: Word) -> float:
    shared = min(first.bottom, second.bottom) - max(first.top, second.top)
    lower = min(first.bottom - first.top, second.bottom - second.top)
    return shared / lower if lower > 0 else 0.0


def _row(words: list[Word], *, index: int, page: int, line_gap: float) -> Row:
    words.sort(key=lambda word: word.left)
    cells: list[Cell] = []
    current = [words[0]]
    for before, after in pairwise(words):
        height = max(min(before.bottom - before.top, after.bottom - after.top), 1.0)
        limit = (CELL_GAP if before.line == after.line else line_gap) * height
        if after.left - before.right > limit:
            cells.append(cell_of(current, page=page, row=index))
            current = []
        current.append(after)
    cells.append(cell_of(current, page=page, row=index))
    return Row(tuple(cells), enclosing_words(words), index, page)


def _continuation(cell: Cell, rows: Sequence[Row]) -> Cell | None:
    """The cell that goes on below `cell`, if there is one."""
    height = cell.height
    for row in rows[cell.row + 1 :]:
        if row.box.top - cell.box.bottom > BLOCK_LEADING * height + row.box.height:
            return None
        for other in row.cells:
            gap = other.box.top - cell.box.bottom
            if -0.6 * height <= gap <= BLOCK_LEADING * height and _stacked(cell, other):
                return other
        if any(other.box.horizontal_overlap(cell.box) > COLUMN_OVERLAP for other in row.cells):
            return None  # something else stands in between
    return None


def _stacked(upper: Cell, lower: Cell) -> bool:
    """Left-aligned or centred under one another, in nearly the same print size."""
    large, small = max(upper.height, lower.height), min(upper.height, lower.height)
    if small <= 0 or large > SIZE_RATIO * small:
        return False
    aligned = abs(upper.box.left - lower.box.left) < 0.8 * large
    centred = abs(upper.box.middle_x - lower.box.middle_x) < 1.0 * large
    return aligned or (centred and upper.box.horizontal_overlap(lower.box) > CENTRED_OVERLAP)


def _chains(first: Cell, below: dict[int, Cell]) -> list[Block]:
    """The cells that go on below `first`, cut where the leading suddenly widens: there a new paragraph begins."""
    chains = [[first]]
    leading: float | None = None
    cell = first
    while (following := below.get(id(cell))) is not None:
        gap = following.box.top - cell.box.bottom
        if leading is not None and gap > leading + LEADING_JUMP * cell.height:
            chains.append([following])
            leading = None
        else:
            chains[-1].append(following)
            leading = gap if leading is None else min(leading, gap)
        cell = following
    return [_block(cells) for cells in chains]


def _block(cells: Sequence[Cell]) -> Block:
    return Block(tuple(cells), enclosing(cell.box for cell in cells))
