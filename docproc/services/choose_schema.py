"""Which of some extraction schemas a document is one of, by reading its first pages under each. Knows no request."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from math import sqrt
from pathlib import Path

from docproc.domain.document import Accepted
from docproc.domain.errors import DocumentError
from docproc.domain.extraction import FieldValue, field_leaves
from docproc.domain.reading import Window
from docproc.domain.schema import ExtractionSchema
from docproc.pipeline.ports import DrawingSource, Reader, SourceDocument
from docproc.pipeline.steps import WindowFrame, cut_windows, read_window

#: what a document is says its beginning
_PAGES = 2
#: documents that are looked at; a job has one schema
_DOCUMENTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """What is needed to look at documents."""

    accept: Callable[[Path], Accepted]
    source: DrawingSource
    reader: Reader
    passwords: Sequence[str] = ()

    def choose(self, paths: Sequence[Path], candidates: Sequence[ExtractionSchema]) -> ExtractionSchema:
        """The one that finds most of its fields in the first few documents; the first candidate when none does."""
        scores = [0.0] * len(candidates)
        for path in paths[:_DOCUMENTS]:
            try:
                window = self._beginning(path)
            except DocumentError:  # it will say so itself when it is worked on
                continue
            for place, schema in enumerate(candidates):
                scores[place] += self._fit(window, schema)
        return candidates[scores.index(max(scores))]

    def _beginning(self, path: Path) -> Window:
        accepted = self.accept(path)
        pages = ((1, _PAGES),)
        document = SourceDocument(path=path, media_type=accepted.media_type, passwords=self.passwords, pages=pages)
        with closing(self.source.open(document)) as opened:
            frame = WindowFrame(attachments=opened.outline.attachments, page_count=opened.outline.page_count)
            return next(cut_windows(islice(opened, _PAGES), frame))

    def _fit(self, window: Window, schema: ExtractionSchema) -> float:
        try:
            found = read_window(self.reader, window, schema)
        except DocumentError:
            return 0.0
        return fit(dict(field_leaves(found.fields)), schema)


def fit(leaves: dict[str, FieldValue], schema: ExtractionSchema) -> float:
    """How well a schema fits: the confidences of what was found, over the root of how many fields it has.

    Over their number, a schema of few common fields would fit everything; without that, one of many would. Tables count
    once.
    """
    single = [path for path, _ in schema.leaves() if "[]" not in path]
    found = [leaf.confidence or 0.0 for path, leaf in leaves.items() if leaf.value is not None and "[" not in path]
    tables = {path.split("[")[0] for path, leaf in leaves.items() if leaf.value is not None and "[" in path}
    all_tables = {path.split("[")[0] for path, _ in schema.leaves() if "[]" in path}
    total = len(single) + len(all_tables)
    return float((sum(found) + len(tables)) / sqrt(total)) if total else 0.0
