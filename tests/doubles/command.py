"""The `docproc` command as a user starts it: in a folder of its own, with nothing else in its environment."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pymupdf

from docproc.cli.main import main

DOCPROC = Path(sys.executable).parent / "docproc"

#: a process that has imported what most commands import, and forks for each: their imports took most of a test's time
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["docproc.cli.main", "docproc.bootstrap", "docproc.storage.stores"])


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
        words = [str(DOCPROC), *map(str, arguments)]
        with TemporaryDirectory() as folder:
            said = [Path(folder) / name for name in ("stdout", "stderr")]
            process = _FORKING.Process(target=_run, args=(words, self.place, self._variables(settings), said))
            process.start()
            process.join()
            output, errors = (each.read_bytes().decode() for each in said)
        assert process.exitcode == code, output + errors
        return subprocess.CompletedProcess(words, code, output, errors)

    def start(self, *arguments: object, **settings: object) -> "subprocess.Popen[str]":
        """`settings` by their names, in small letters; a start from nothing, for what signals do."""
        return subprocess.Popen(
            [str(DOCPROC), *map(str, arguments)],
            cwd=self.place,
            env=self._variables(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _variables(self, settings: Mapping[str, object]) -> dict[str, str]:
        settings = {"data_dir": self.place / self.data, **self.settings, **settings}
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.place),
            **self.environment,
            **{f"DOCPROC_{name.upper()}": str(value) for name, value in settings.items()},
        }


def _run(words: Sequence[str], place: Path, environment: Mapping[str, str], said: Sequence[Path]) -> None:
    for descriptor, path in enumerate(said, start=1):
        with path.open("wb") as file:
            os.dup2(file.fileno(), descriptor)
    os.chdir(place)
    variables = os.environ  # noqa: TID251 what a shell gives a command, before anything has read it
    variables.clear()
    variables.update(environment)
    sys.argv = list(words)
    main()


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
