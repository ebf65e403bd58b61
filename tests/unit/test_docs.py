"""The documentation names what there is: settings, commands, exit codes, failure codes."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from docproc.cli.exit_codes import ExitCode
from docproc.cli.main import app
from docproc.domain.failure import FailureCategory, FailureCode, Phase
from docproc.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


def command_names() -> list[str]:
    commands = getattr(get_command(app), "commands")  # noqa: B009 the group's type has no such attribute
    return [word for name, command in commands.items() for word in (name, *getattr(command, "commands", {}))]


@pytest.mark.parametrize("setting", sorted(Settings.model_fields))
def test_every_setting_is_documented(setting: str) -> None:
    assert f"| `{setting}` |" in (DOCS / "command-line.md").read_text()


def installs() -> list[tuple[str, str]]:
    """Every line that installs something, by its page."""
    pages = [*DOCS.parent.glob("*.md"), *DOCS.glob("*.md")]
    whole = [(page.name, page.read_text().replace("\\\n", " ")) for page in pages]
    return [
        (name, line)
        for name, text in whole
        for line in re.findall(r"\bpip [^`#\n]*(?:install|download) [^`#\n]*", text)
    ]


def test_no_first_install_asks_an_index_for_docproc() -> None:
    """On the public one the name is somebody else's: a folder or a file is named, or no index asked."""
    asked = [each for each in installs() if re.search(r"(?<![\w./-])docproc(?![\w./-])", each[1])]

    assert len(asked) > 1, "the wheels' way names it, with a file or without an index"
    assert [each for each in asked if " @ file:" not in each[1] and "--no-index" not in each[1]] == []


@pytest.mark.parametrize("name", sorted(set(command_names())))
def test_every_command_is_documented(name: str) -> None:
    assert name in (DOCS / "command-line.md").read_text()


@pytest.mark.parametrize("code", list(ExitCode))
def test_every_exit_code_is_documented(code: ExitCode) -> None:
    assert f"| {code.value} |" in (DOCS / "command-line.md").read_text()


@pytest.mark.parametrize("word", [*FailureCode, *FailureCategory, *Phase])
def test_every_word_of_a_failure_is_documented(word: str) -> None:
    assert word in (DOCS / "errors.md").read_text()


def local_links() -> list[tuple[Path, str]]:
    pages = [*DOCS.parent.glob("*.md"), *DOCS.glob("*.md"), DOCS.parent / "samples" / "README.md"]
    found = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#\s]+)", page.read_text())]
    return [(page, link) for page, link in found if "://" not in link]


@pytest.mark.parametrize(("page", "link"), local_links(), ids=lambda part: getattr(part, "name", part))
def test_every_link_leads_somewhere(page: Path, link: str) -> None:
    assert (page.parent / link).exists()
