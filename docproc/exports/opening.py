"""Which writer a target gets, told by its name."""

from enum import StrEnum
from pathlib import Path

from docproc.domain.errors import UsageError
from docproc.domain.schema import ExtractionSchema
from docproc.exports.csv_writer import CsvWriter, csv_dialect
from docproc.exports.export_item import ExportWriter
from docproc.exports.json_writers import JsonFolderWriter, JsonlWriter


class ExportFormat(StrEnum):
    """The formats of records; the value is the suffix, where there is one."""

    JSONL = "jsonl"
    CSV = "csv"
    XLSX = "xlsx"
    FOLDER = "folder"


def export_format(target: str | Path) -> ExportFormat:
    """The format that `target` asks for: its suffix, or a folder (a trailing slash, an existing one, no suffix)."""
    path = Path(target)
    if str(target).endswith(("/", "\\")) or path.is_dir() or not path.suffix:
        return ExportFormat.FOLDER
    try:
        return ExportFormat(path.suffix.removeprefix(".").lower())
    except ValueError as error:
        raise UsageError(f"{path.name}: docproc writes .jsonl, .csv, .xlsx, or a folder of JSON (DIR/)") from error


def open_writer(
    target: str | Path, schema: ExtractionSchema, *, overwrite: bool = False, dialect: str = "rfc4180"
) -> ExportWriter:
    """The writer for `target`; use it as a context. Raises ConflictError when the target exists, unless `overwrite`."""
    path = Path(target)
    spelling = csv_dialect(dialect)
    match export_format(target):
        case ExportFormat.JSONL:
            return JsonlWriter(path, schema, overwrite=overwrite)
        case ExportFormat.CSV:
            return CsvWriter(path, schema, overwrite=overwrite, dialect=spelling)
        case ExportFormat.FOLDER:
            return JsonFolderWriter(path, schema, overwrite=overwrite)
        case ExportFormat.XLSX:
            from docproc.exports.xlsx_writer import XlsxWriter  # noqa: PLC0415 xlsxwriter is slow to import

            return XlsxWriter(path, schema, overwrite=overwrite)
