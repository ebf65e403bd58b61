"""What an export can be, and as what kind of file it travels. Knows no writer."""

from enum import StrEnum

_ZIP = "application/zip"
_MEDIA_TYPES = {
    "jsonl": "application/jsonl",
    "json": _ZIP,
    "csv": _ZIP,
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
}


class FileFormat(StrEnum):
    """The formats of an export."""

    JSONL = "jsonl"
    #: a file for each document
    JSON = "json"
    #: a file for the documents, and one for each list of objects
    CSV = "csv"
    XLSX = "xlsx"
    #: the report
    HTML = "html"

    @property
    def media_type(self) -> str:
        """The same for all jobs, whatever their schema makes of it."""
        return _MEDIA_TYPES[self]

    @property
    def is_zipped(self) -> bool:
        """Its files travel as one archive."""
        return self.media_type == _ZIP

    @property
    def suffix(self) -> str:
        """Of the one file that travels."""
        return f".{self}.zip" if self.is_zipped else f".{self}"
