"""What `docproc submit` is told of a job besides its files, held to the rules of the API. Knows no server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from docproc.cli.extract import absolute_reference
from docproc.cli.questions import QUESTIONS
from docproc.domain.errors import UsageError

if TYPE_CHECKING:
    from docproc.client.submission import Options
    from docproc.domain.schema import ExtractionSchema
    from docproc.services.errand_records import Callback
    from docproc.services.submit import SubmittedFile
    from docproc.settings import Settings

#: a schema is to be chosen
AUTO = "auto"
_FEWEST_CANDIDATES = 2

Metadata = Annotated[
    list[str] | None, typer.Option("--metadata", metavar="KEY=VALUE", help="Comes back with the job; once or more.")
]
Candidates = Annotated[
    str | None, typer.Option(metavar="NAME,NAME", help="With --schema auto: the one that finds most is taken.")
]
CallbackUrl = Annotated[str | None, typer.Option(metavar="URL", help="Told, signed, when the job has ended.")]
SecretFile = Annotated[
    Path | None, typer.Option(help="Its first line, 16 to 255 characters, signs what the callback is told.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is wanted of a job."""

    #: a reference that holds from every folder, or `auto`
    schema: str
    candidates: Sequence[str]
    metadata: Mapping[str, str]
    callback: "Callback | None"

    @property
    def options(self) -> "Options":
        """As a server is told."""
        said: Options = {}
        if self.metadata:
            said["metadata"] = self.metadata
        if self.candidates:
            said["candidates"] = self.candidates
        if self.callback is not None:
            said["callback"], said["callback_secret"] = self.callback.url, self.callback.secret
        return said

    def here(
        self, files: "Sequence[SubmittedFile]", settings: "Settings", *, passwords: "Sequence[str]"
    ) -> "ExtractionSchema":
        """The schema, which this machine knows or chooses; it also refuses what this machine's service could not do.

        Raises SchemaError, UsageError.
        """
        from docproc.sinks.guarded import require_reachable
        from schemas import load_schema

        if self.callback is not None:
            require_reachable(self.callback.url, inside=frozenset(host.lower() for host in settings.webhook_hosts))
        if QUESTIONS in self.metadata:
            raise UsageError(f"--metadata {QUESTIONS}=…: docproc notes something else under this name")
        return self._chosen(files, settings, passwords) if self.schema == AUTO else load_schema(self.schema)

    def _chosen(
        self, files: "Sequence[SubmittedFile]", settings: "Settings", passwords: "Sequence[str]"
    ) -> "ExtractionSchema":
        from functools import partial

        from docproc.bootstrap import CPU_READERS, make_reader, open_pages
        from docproc.intake import accept
        from docproc.services.choose_schema import Chooser
        from schemas import load_schema

        candidates = [load_schema(absolute_reference(name)) for name in self.candidates]
        with open_pages(settings, workers=1) as source:
            reader = make_reader(CPU_READERS[0], settings)
            look = partial(accept, limits=settings.limits)
            chooser = Chooser(accept=look, source=source, reader=reader, passwords=passwords)
            return chooser.choose([file.path for file in files], candidates)


def asked_of(
    schema: str,
    *,
    candidates: str | None,
    metadata: Sequence[str] | None,
    callback: str | None,
    secret_file: Path | None,
) -> Asked:
    """Raises UsageError for what no service would take."""
    named = [name.strip() for name in (candidates or "").split(",") if name.strip()]
    if schema == AUTO and len(named) < _FEWEST_CANDIDATES:
        raise UsageError("--schema auto: name two schemas or more to choose from with --candidates NAME,NAME")
    if schema != AUTO and named:
        raise UsageError("--candidates: they are chosen from with --schema auto")
    if (callback is None) is not (secret_file is None):
        raise UsageError("--callback and --callback-secret-file go together: nothing is sent unsigned")
    asked = Asked(
        schema=schema if schema == AUTO else absolute_reference(schema),
        candidates=named,
        metadata=dict(map(_pair, metadata or ())),
        callback=_callback(callback, secret_file),
    )
    _require_valid({"schema": asked.schema, **asked.options})
    return asked


def _require_valid(told: Mapping[str, Any]) -> None:
    """Raises UsageError, which holds none of what was told: a secret may be part of it."""
    from pydantic import ValidationError

    from docproc.api.asks import SubmissionAsk

    try:
        SubmissionAsk.model_validate(told)
    except ValidationError as exc:
        error = exc.errors(include_input=False, include_url=False)[0]
        place = "-".join(str(part) for part in error["loc"][:1]).replace("_", "-")
        raise UsageError(f"--{place}: {error['msg'].removeprefix('Value error, ')}") from None


def _pair(word: str) -> tuple[str, str]:
    key, equals, value = word.partition("=")
    if not (key and equals):
        raise UsageError("--metadata: write KEY=VALUE")
    return key, value


def _secret(file: Path) -> str:
    """The first line. Raises UsageError."""
    try:
        return (file.read_text(encoding="utf-8-sig").splitlines() or [""])[0].strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"--callback-secret-file {file}: cannot be read ({type(exc).__name__})") from exc


def _callback(url: str | None, secret_file: Path | None) -> "Callback | None":
    from docproc.services.errand_records import Callback

    return None if url is None or secret_file is None else Callback(url=url, secret=_secret(secret_file))
