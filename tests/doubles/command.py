"""The `docproc` command as a user starts it: in a folder of its own, with nothing else in its environment."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pymupdf

DOCPROC = Path(sys.executable).parent / "docproc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Runs `docproc` in `place`, with its data folder in there."""

    place: Path
    data: str = "data"
    #: settings of every call, by their names in small letters
    settings: Mapping[str, object] = field(default_factory=dict)
    #: other variables of the environment
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: object, code: int = 0, **settings: object) -> subprocess.CompletedProcess[str]:
        """Wait for its end; fails when the exit code is not `code`."""
        with self.start(*arguments, **settings) as process:
            output, errors = process.communicate()
        assert process.returncode == code, output + errors
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def start(self, *arguments: object, **settings: object) -> "subprocess.Popen[str]":
        """`settings` by their names, in small letters."""
        variables = {"data_dir": self.place / self.data, **self.settings, **settings}
        return subprocess.Popen(
            [str(DOCPROC), *map(str, arguments)],
            cwd=self.place,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.place),
                **self.environment,
                **{f"DOCPROC_{name.upper()}": str(value) for name, value in variables.items()},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def write_pdf(path: Path, *pages: str, password: str | None = None) -> Path:
    """A PDF; a page shows the lines of its text, and no text makes a blank one."""
    document = pymupdf.open()
    for text in pages:
        page = document.new_page()
        for line, content in enumerate(text.splitlines()):
            page.insert_text((50, 80 + 24 * line), content)
    locked = {"encryption": pymupdf.mupdf.PDF_ENCRYPT_AES_256, "user_pw": password} if password else {}
    document.save(path, **locked)
    document.close()
    return path
