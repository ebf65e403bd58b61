"""`docproc doctor`: what is installed, what is missing, which readers can run here."""

import json
import platform
import shutil
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from docproc import __version__
from docproc.cli.exit_codes import ExitCode
from docproc.cli.finding import Finding

#: distribution, what it is for, what to do when it is missing
PARTS = (
    ("pymupdf", "PDF pages", "pip install docproc"),
    ("pillow", "images", "pip install docproc"),
    ("pillow-heif", "HEIC images", "pip install docproc"),
    ("rapidocr", "OCR", "pip install docproc"),
    ("onnxruntime", "OCR", "pip install docproc"),
    ("sqlalchemy", "database", "pip install docproc"),
    ("xlsxwriter", "XLSX exports", "pip install docproc"),
    ("torch", "NVLM (optional)", "pip install 'docproc[vlm]'"),
    ("transformers", "NVLM (optional)", "pip install 'docproc[vlm]'"),
    ("psycopg", "Postgres (optional)", "pip install 'docproc[service]'"),
    ("celery", "workers (optional)", "pip install 'docproc[service]'"),
    ("boto3", "S3 (optional)", "pip install 'docproc[service]'"),
    ("cryptography", "sealed passwords (optional)", "pip install 'docproc[service]'"),
)
OPTIONAL = frozenset({"torch", "transformers", "psycopg", "celery", "boto3", "cryptography"})
LOW_DISK_BYTES = 1024**3


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
    service: Annotated[
        bool, typer.Option("--service", help="Try the service instead: database, broker, blobs, clocks, workers.")
    ] = False,
) -> None:
    """Say what is installed, what is missing and which readers can run here. Example: `docproc doctor --service`."""
    if service:
        from docproc.cli.doctor_service import look_at_service

        findings = look_at_service()
    else:
        findings = [_python(), *_parts(), *_readers(), _vlm(), _remote(), _data_folder(), _database()]
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            typer.echo(f"{'ok' if finding.good else '--':<3} {finding.what:<22} {finding.detail}")
            if finding.advice:
                typer.echo(f"{'':<26} {finding.advice}")
    if not all(finding.good for finding in findings if finding.what not in OPTIONAL):
        raise typer.Exit(ExitCode.CRASH)


def _python() -> Finding:
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}, docproc {__version__}"
    return Finding(what="python", good=sys.version_info >= (3, 11), detail=detail)


def _parts() -> list[Finding]:
    return [_part(name, purpose, remedy) for name, purpose, remedy in PARTS]


def _part(name: str, purpose: str, remedy: str) -> Finding:
    installed = _version(name)
    if installed is None:
        return Finding(what=name, good=False, detail=f"{purpose}: missing", advice=remedy)
    return Finding(what=name, good=True, detail=f"{installed} ({purpose})")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _readers() -> list[Finding]:
    can_recognise = _version("rapidocr") is not None and _version("onnxruntime") is not None
    scans = "text layers and scans" if can_recognise else "text layers only; scans need rapidocr and onnxruntime"
    return [
        Finding(what="reader einvoice", good=True, detail="embedded Factur-X, ZUGFeRD, XRechnung; CII and UBL files"),
        Finding(what="reader layout", good=can_recognise, detail=f"any schema on the CPU: {scans}"),
    ]


def _vlm() -> Finding:
    """Whether the model that the settings name could be loaded, as far as can be told without loading it."""
    from docproc.bootstrap import load_settings, make_reader
    from docproc.domain.errors import DocprocError

    settings = load_settings()
    if settings.vlm_model is None:
        detail = "a model in this process: none named; --model DIR or DOCPROC_VLM_MODEL does"
        return Finding(what="reader vlm", good=True, detail=detail)
    try:
        reader = make_reader("vlm", settings)
    except DocprocError as exc:
        return Finding(what="reader vlm", good=False, detail=exc.message, advice="docs/vlm.md shows models")
    return Finding(what="reader vlm", good=True, detail=f"{settings.vlm_model}: {reader.version}")


def _remote() -> Finding:
    from docproc.bootstrap import load_settings, remote_health
    from docproc.domain.errors import DocprocError

    settings = load_settings()
    if not settings.remote_endpoints:
        detail = "OpenAI-compatible servers: none named; --endpoint URL or DOCPROC_REMOTE_ENDPOINTS does"
        return Finding(what="reader remote", good=True, detail=detail)
    try:
        endpoints = remote_health(settings)
    except DocprocError as exc:
        return Finding(what="reader remote", good=False, detail=exc.message, advice="docs/remote.md shows servers")
    named = settings.remote_model
    models = dict.fromkeys(model for endpoint in endpoints for model in endpoint.models)
    detail = f"{len(endpoints)} endpoints; models: {', '.join(models) or 'none'}"
    missing = f"{named or 'a model'} is missing"
    troubles = [
        f"{endpoint.address}: {endpoint.trouble or missing}"
        for endpoint in endpoints
        if not endpoint.models or (named is not None and named not in endpoint.models)
    ]
    return Finding(what="reader remote", good=not troubles, detail=detail, advice="; ".join(troubles))


def _data_folder() -> Finding:
    from docproc.bootstrap import load_settings

    folder = load_settings().data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as exc:
        advice = "set DOCPROC_DATA_DIR to a folder that you may write to"
        return Finding(what="data folder", good=False, detail=f"{folder}: {exc.strerror}", advice=advice)
    free = shutil.disk_usage(folder).free
    detail = f"{folder}, {free / 1024**3:.1f} GiB free"
    return Finding(what="data folder", good=free > LOW_DISK_BYTES, detail=detail)


def _database() -> Finding:
    from docproc.bootstrap import database_facts

    try:
        found = database_facts()
    except Exception as exc:  # noqa: BLE001 whatever a driver raises, it is a finding here and not a crash
        return Finding(what="database", good=False, detail=type(exc).__name__, advice="check DOCPROC_DATABASE_URL")
    return Finding(what="database", good=True, detail=f"{found.place}: {found.state}")
