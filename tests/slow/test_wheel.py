"""The wheel in an empty environment, from a folder that has its own `schemas/`."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
OWN_SCHEMA = """
from schemas.base import SchemaBody
from schemas.fields import Identifier, Money


class Bill(SchemaBody):
    \"\"\"A bill as this folder's owner sees it.\"\"\"

    invoice_number: Identifier | None
    total_gross: Money | None
"""


def run(*command: object, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    return next(folder.glob("*.whl"))


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", folder, cwd=ROOT)
    run(folder / "bin" / "pip", "install", "--quiet", wheel, cwd=ROOT)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "__init__.py").write_text("")
    (tmp_path / "schemas" / "mine.py").write_text(OWN_SCHEMA)
    (tmp_path / "mine.py").write_text(OWN_SCHEMA)
    (tmp_path / "docproc.toml").write_text(f'data_dir = "{tmp_path / "data"}"\n')
    return tmp_path


def test_the_wheel_carries_every_part_and_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in names_in(wheel)}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"docproc", "schemas", "migrations", "workers"}


@pytest.mark.parametrize("part", ["docproc", "schemas", "migrations", "workers"])
def test_the_wheel_carries_what_is_no_code_too(wheel: Path, part: str) -> None:
    files = (path for path in (ROOT / part).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    needed = {path.relative_to(ROOT).as_posix() for path in files}

    assert {name for name in names_in(wheel) if name.startswith(f"{part}/")} == needed


def test_the_wheel_has_the_looks_of_the_report_and_the_revisions(wheel: Path) -> None:
    names = names_in(wheel)

    assert {Path(name).suffix for name in names if name.startswith("docproc/exports/report/")} >= {".css", ".js"}
    assert any(name.startswith("migrations/versions/") for name in names)


def test_a_report_is_written_there(environment: Path, place: Path) -> None:
    sample = next((ROOT / "samples" / "documents" / "invoices").glob("*.pdf"))
    run(environment / "bin" / "docproc", "extract", sample, "--schema", "invoice", cwd=place)

    run(environment / "bin" / "docproc", "jobs", "report", "last", "--out", "report.html", cwd=place)

    assert "<style>" in (place / "report.html").read_text()


@pytest.mark.parametrize("reference", ["mine:Bill", "schemas.mine:Bill"])
@pytest.mark.parametrize("start", [["docproc"], ["python", "-m", "docproc"]])
def test_a_users_class_works_from_a_folder_with_its_own_schemas(
    environment: Path, place: Path, reference: str, start: list[str]
) -> None:
    sample = next((ROOT / "samples" / "documents" / "invoices").glob("*.pdf"))
    command = [environment / "bin" / start[0], *start[1:], "extract", sample, "--schema", reference]

    done = run(*command, cwd=place)

    line = json.loads(done.stdout)
    assert line["schema"].endswith("@1")
    assert set(line["record"]) == {"invoice_number", "total_gross"}
    assert line["record"]["invoice_number"] is not None


def test_our_own_schemas_still_load_there(environment: Path, place: Path) -> None:
    done = run(environment / "bin" / "python", "-m", "docproc", "schemas", "show", "invoice", cwd=place)

    assert "invoice_number" in done.stdout


def test_help_answers_without_loading_heavy_parts(environment: Path, place: Path) -> None:
    script = (
        "import sys; sys.argv=['docproc','--help']\n"
        "from docproc.cli.main import app\n"
        "try:\n    app()\nexcept SystemExit:\n    pass\n"
        "heavy={'pymupdf','sqlalchemy','alembic','PIL','numpy','rapidocr','onnxruntime','cv2','xlsxwriter','pydantic_settings'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )

    done = run(environment / "bin" / "python", "-c", script, cwd=place)

    assert "HEAVY []" in done.stdout
