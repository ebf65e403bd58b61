"""What a user may write after --schema, from any folder, also one with a `schemas` package of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from docproc.domain.errors import NotFoundError, SchemaError
from schemas import load_schema

REPOSITORY = Path(__file__).parents[3]

PLAIN = """
from pydantic import BaseModel

class Bill(BaseModel):
    number: str
    parts: "list[Part]" = []

class Part(BaseModel):
    amount: float

other = 5
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A user's folder; what is imported from it is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_a_registered_schema_is_found_with_and_without_its_version():
    assert load_schema("invoice").label == load_schema("invoice@1").label == "invoice@1"
    assert load_schema("invoice@1").reference == "invoice@1"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("invoice@7", "has version 1"),
        ("invoyce", "There are: invoice, receipt"),
        ("none.json", "There is no schema file none.json"),
        ("", "No schema is called ''"),
    ],
)
def test_what_does_not_exist_is_said(reference, message, tmp_path):
    with pytest.raises(NotFoundError, match=message):
        load_schema(reference, base=tmp_path)


def test_a_json_schema_file_is_found_from_the_base_folder(folder):
    (folder / "my-bill.json").write_text(
        json.dumps({"properties": {"total": {"type": "string"}}}), encoding="utf-8-sig"
    )
    schema = load_schema("my-bill.json", base=folder)
    assert schema.label == "my_bill@1"
    assert load_schema(schema.reference).label == "my_bill@1"


def test_a_broken_file_is_named_in_the_message(folder):
    (folder / "bad.json").write_bytes(b"\xff\xfe{")
    (folder / "worse.json").write_text("{")
    with pytest.raises(SchemaError, match=r"bad\.json: cannot be read as UTF-8"):
        load_schema("bad.json", base=folder)
    with pytest.raises(SchemaError, match=r"worse\.json: The schema is not JSON"):
        load_schema("worse.json", base=folder)


def test_a_pydantic_class_is_found_by_module_or_by_file(folder):
    (folder / "bills_here.py").write_text(PLAIN)
    for reference in ("bills_here:Bill", "bills_here.py:Bill"):
        schema = load_schema(reference, base=folder)
        assert [path for path, _ in schema.leaves()] == ["number", "parts[].amount"]
        assert load_schema(schema.reference).label == "bill@1"  # whatever the working folder is then


@pytest.mark.parametrize(
    ("source", "reference", "message"),
    [
        ("", "odd_module:Bill", "AttributeError"),
        ("import no_such_module_at_all", "odd_module:Bill", "ModuleNotFoundError"),
        ("def (", "odd_module:Bill", "SyntaxError"),
        ("Bill = 5", "odd_module:Bill", "not a pydantic class"),
        ("from pydantic import BaseModel\nclass Bill(BaseModel): pass", "odd_module:Bill", "has no fields"),
        ("", "odd_module.deeper:Bill", "ModuleNotFoundError"),
    ],
)
def test_a_class_that_cannot_be_used_is_refused_with_its_reason(folder, source, reference, message):
    (folder / "odd_module.py").write_text(source)
    with pytest.raises(SchemaError, match=message):
        load_schema(reference, base=folder)


def test_two_folders_may_use_the_same_module_name(folder):
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "same_name.py").write_text(PLAIN.replace("number", name))
        schema = load_schema("same_name:Bill", base=folder / name)
        assert schema.fields[0].name == name


USERS = """
from pydantic import BaseModel
from schemas.base import SchemaBody
from schemas.parts import Part

class Mine(SchemaBody):
    number: str | None
    parts: list[Part]
"""
PART = "from pydantic import BaseModel\nclass Part(BaseModel):\n    amount: float\n"

CHILD = """
import sys
{prepare}
from schemas import load_schema
mine = load_schema("schemas.mine:Mine")
assert [path for path, _ in mine.leaves()] == ["number", "parts[].amount"], mine
assert mine.check_shape({{"number": "1", "parts": [{{"amount": 2.5}}]}}) == ()
assert load_schema("invoice").label == "invoice@1"
assert load_schema("schemas.invoice:Invoice").fields[0].name == {theirs!r}
import schemas.invoice
assert schemas.invoice.__file__.startswith({ours!r}), schemas.invoice.__file__
assert "schemas.mine" not in sys.modules
print("fine")
"""


@pytest.mark.integration
@pytest.mark.parametrize("initialised", [True, False], ids=["package", "namespace"])
def test_a_folder_with_schemas_of_its_own_keeps_them_and_docproc_keeps_its_own(tmp_path, initialised):
    package = tmp_path / "schemas"
    package.mkdir()
    (package / "mine.py").write_text(USERS)
    (package / "parts.py").write_text(PART)
    (package / "invoice.py").write_text("from pydantic import BaseModel\nclass Invoice(BaseModel):\n    theirs: str\n")
    if initialised:
        (package / "__init__.py").touch()
    # as `python -m docproc` does: the working folder is on the path, but after ours
    prepare = f"sys.path[:] = [{str(REPOSITORY)!r}, *sys.path[1:], {str(tmp_path)!r}]"
    code = CHILD.format(prepare=prepare, ours=str(REPOSITORY), theirs="theirs")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "fine\n", done.stderr
