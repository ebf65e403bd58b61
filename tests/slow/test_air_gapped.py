"""docproc carried to a machine without a network: a folder of wheels, and an environment made of nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "deploy" / "images" / "constraints.txt"
#: what an extra promises to bring
NEEDED = "celery, psycopg, boto3, fastapi, uvicorn, prometheus_client, opentelemetry.sdk, rapidocr"


def run(*command: object, cwd: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As docs/deploy.md says that it is filled, where there is a network."""
    folder = tmp_path_factory.mktemp("wheelhouse")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    wheel = next(folder.glob("docproc-*.whl"))
    download = ["download", "--quiet", "--only-binary", ":all:", "--constraint", CONSTRAINTS, "--dest", folder]
    run(sys.executable, "-m", "pip", *download, f"docproc[service] @ {wheel.as_uri()}", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def environment(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the images are made: no pip in it, nothing but wheels of the folder, at the pinned versions."""
    folder = tmp_path_factory.mktemp("venv") / "docproc"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=ROOT)
    install = ["--python", folder, "install", "--quiet", "--no-index", "--find-links", wheelhouse]
    # an index that cannot be asked, so that a package that is missing is an error and not a download
    cut_off = {"PATH": "/usr/bin:/bin", "PIP_INDEX_URL": "http://127.0.0.1:9", "PIP_CONFIG_FILE": "/dev/null"}
    pip = [sys.executable, "-m", "pip"]
    run(*pip, *install, "--constraint", CONSTRAINTS, "docproc[service]", cwd=wheelhouse, environment=cut_off)
    return folder


def test_every_wheel_is_of_the_version_that_is_pinned(wheelhouse: Path) -> None:
    pinned = dict(line.split("==") for line in CONSTRAINTS.read_text().splitlines() if not line.startswith("#"))
    found = {
        tuple(path.name.split("-")[:2]) for path in wheelhouse.glob("*.whl") if not path.name.startswith("docproc-")
    }

    assert {(name.replace("_", "-").replace(".", "-").lower(), version) for name, version in found} == set(
        pinned.items()
    )


def test_what_came_along_suffices_for_every_part_of_the_service(environment: Path, tmp_path: Path) -> None:
    run(environment / "bin" / "python", "-c", f"import workers.worker, docproc.storage.stores, {NEEDED}", cwd=tmp_path)


def test_a_document_is_read_there(environment: Path, tmp_path: Path) -> None:
    sample = next((ROOT / "samples" / "documents" / "invoices").glob("*.pdf"))
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "DOCPROC_DATA_DIR": str(tmp_path / "data")}

    said = run(
        environment / "bin" / "docproc", "extract", sample, "--schema", "invoice", cwd=tmp_path, environment=variables
    )

    assert json.loads(said)["record"]["invoice_number"]


def test_it_brings_no_torch_and_no_pip(environment: Path) -> None:
    there = {path.name.partition("-")[0].lower() for path in environment.glob("lib/python*/site-packages/*.dist-info")}

    assert "celery" in there
    assert not {"torch", "transformers", "pip", "pytest"} & there
