"""A document of 1,500 pages with one table over them all: no row is lost, and memory does not grow with its length."""

import csv
import json
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pymupdf
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]
DOCPROC = Path(sys.executable).parent / "docproc"
LONG, SHORT, ROWS_PER_PAGE = 1500, 100, 5
#: what the 1,400 pages more may add to the parent's peak: of 7,000 rows more only the bare values stay, for the rules
MAY_GROW_MIB = 40
COLUMNS = {"description": 60, "quantity": 300, "unit_price": 380, "line_total": 470}
SCHEMA = {
    "title": "delivery",
    "properties": {
        "invoice_number": {"type": ["string", "null"]},
        "line_items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "description": {"type": ["string", "null"]},
                    "quantity": {"type": ["string", "null"], "x-docproc": {"kind": "number"}},
                    "unit_price": {"type": ["string", "null"], "x-docproc": {"kind": "money"}},
                    "line_total": {"type": ["string", "null"], "x-docproc": {"kind": "money"}},
                },
            },
        },
    },
}
#: the command in a process that says at its end how much memory it ever held
MEASURED = """
import sys
from pathlib import Path
from docproc.cli.main import main
sys.argv = ["docproc", *sys.argv[1:]]
try:
    main()
finally:
    (peak,) = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line]
    print("PEAK", peak, file=sys.stderr)
"""


def row_of(number: int) -> dict[str, str]:
    quantity, cents = number % 9 + 1, 100 + number % 977
    total = quantity * cents
    return {
        "description": f"Part {number:05d}",
        "quantity": str(quantity),
        "unit_price": f"{cents // 100}.{cents % 100:02d}",
        "line_total": f"{total // 100}.{total % 100:02d}",
    }


def write_delivery(path: Path, *, pages: int) -> None:
    labels = {"description": "Description", "quantity": "Quantity", "unit_price": "Unit price", "line_total": "Amount"}
    document = pymupdf.open()
    for page_number in range(pages):
        page = document.new_page()
        page.insert_text((60, 60), "Invoice number: L-4711")
        printed = [labels] + [row_of(page_number * ROWS_PER_PAGE + row) for row in range(ROWS_PER_PAGE)]
        for line, cells in enumerate(printed):
            for name, left in COLUMNS.items():
                page.insert_text((left, 120 + 20 * line), cells[name])
    document.save(path, deflate=True)
    document.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A long document that was extracted, and how much memory that took."""

    place: Path
    pages: int
    peak_mib: float

    @property
    def rows(self) -> list[dict[str, str]]:
        return [row_of(number) for number in range(self.pages * ROWS_PER_PAGE)]

    def docproc(self, *arguments: object) -> str:
        return run([DOCPROC, *arguments], self.place).stdout


def run(command: list[object], place: Path) -> subprocess.CompletedProcess[str]:
    environment = {"DOCPROC_DATA_DIR": str(place / "data"), "PATH": "/usr/bin:/bin", "HOME": str(place)}
    done = subprocess.run(
        list(map(str, command)), cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def extracted(place: Path, *, pages: int) -> Delivery:
    write_delivery(place / "delivery.pdf", pages=pages)
    (place / "delivery.json").write_text(json.dumps(SCHEMA))
    arguments = ["extract", "delivery.pdf", "--schema", "delivery.json", "--workers", "1", "--out", "records.jsonl"]
    done = run([sys.executable, "-c", MEASURED, *arguments], place)
    (peak,) = [line.split()[1] for line in done.stderr.splitlines() if line.startswith("PEAK")]
    return Delivery(place=place, pages=pages, peak_mib=int(peak) / 1024)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    return extracted(tmp_path_factory.mktemp("long"), pages=LONG)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    return extracted(tmp_path_factory.mktemp("short"), pages=SHORT)


def bare(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: leaf["value"] for name, leaf in fields.items()}


def test_the_line_holds_every_page_and_every_row_in_order(long: Delivery) -> None:
    (line,) = map(json.loads, (long.place / "records.jsonl").read_text().splitlines())

    assert line["record"]["invoice_number"] == "L-4711"
    assert line["record"]["line_items"] == long.rows
    assert list(map(bare, line["fields"]["line_items"])) == long.rows
    assert [page["state"] for page in line["pages"]] == ["read"] * LONG


def test_every_row_is_proven_on_the_page_it_stands_on(long: Delivery) -> None:
    (line,) = map(json.loads, (long.place / "records.jsonl").read_text().splitlines())

    for number, row in enumerate(line["fields"]["line_items"]):
        (place,) = {proof["page"] for proof in row["description"]["evidence"]}
        assert place == number // ROWS_PER_PAGE + 1


def test_the_workbook_has_every_row(long: Delivery) -> None:
    long.docproc("jobs", "export", "last", "--out", "records.xlsx")

    with closing(openpyxl.load_workbook(long.place / "records.xlsx", read_only=True)) as book:
        header, *rows = book["line_items"].iter_rows(values_only=True)
    shown = [dict(zip(map(str, header), row, strict=True)) for row in rows]
    assert [row["description"] for row in shown] == [row["description"] for row in long.rows]
    assert [f"{row['line_total']:.2f}" for row in shown] == [row["line_total"] for row in long.rows]


def test_the_csv_has_every_row(long: Delivery) -> None:
    long.docproc("jobs", "export", "last", "--out", "records.csv")

    with (long.place / "records.line_items.csv").open(newline="") as stream:
        rows = [{name: row[name] for name in COLUMNS} for row in csv.DictReader(stream)]
    assert rows == long.rows


def test_memory_does_not_grow_with_the_document(long: Delivery, short: Delivery) -> None:
    assert long.peak_mib < short.peak_mib + MAY_GROW_MIB
