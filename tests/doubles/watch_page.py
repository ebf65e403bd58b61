"""`docproc watch` as its page describes it: the examples, and what lies where afterwards."""

import json
import re
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parents[2] / "docs" / "watch.md").read_text()
BILL = "Invoice\nInvoice number: R-{0}\nInvoice date: 2025-03-17\nTotal amount due: EUR 119.00"
#: added where an example runs until it is told to end
QUICKLY = ("--once", "--settle", "0.2", "--workers", "1")


def blocks(heading: str, language: str) -> list[str]:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0] if heading else PAGE.split("\n## ")[0]
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    return found


def inbox_file(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def records(folder: Path) -> dict[str, Any]:
    """By the name of the file."""
    found = [json.loads(path.read_text()) for path in folder.rglob("*.json")]
    return {each["file"]: each for each in found}
