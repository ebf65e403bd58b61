"""Settings, read once: environment over secret files over docproc.toml over defaults. Below bootstrap: plain values.

The docproc.toml of the working folder may come with documents from a stranger. It may say how they are read, but
neither where records go nor what code runs.
"""

import json
import os
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_config_path, user_data_path
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from docproc.domain.errors import UsageError
from docproc.intake.limits import MIB, Limits
from docproc.observability.logs import LogFormat, LogLevel

_LIMITS = Limits()

FILE_NAME = "docproc.toml"
PREFIX = "DOCPROC_"
#: names the folder of secret files
SECRETS_DIR = f"{PREFIX}SECRETS_DIR"
#: where records, files and messages go, what code reads them, and with what passwords are sealed
OWN_FILE_ONLY = frozenset(
    {
        "database_url",
        "blob_url",
        "broker_url",
        "readers",
        "sealing_key",
        "source_hosts",
        "trace_endpoint",
        "webhook_hosts",
    }
)
#: 32 bytes in URL-safe base64
_SEALING_KEY = re.compile("[A-Za-z0-9_-]{43}=")


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _sealing_keys(secret: SecretStr) -> SecretStr:
    for key in _parted(secret):
        if not _SEALING_KEY.fullmatch(key):
            raise ValueError("each key is 32 bytes in URL-safe base64: `docproc sealing key` makes one")
    return secret


def _parted(secret: SecretStr) -> tuple[str, ...]:
    """None of a blank file: systemd and others hand one over for a secret that was left out."""
    whole = secret.get_secret_value().strip()
    return tuple(part.strip() for part in whole.split(",")) if whole else ()


class Settings(BaseSettings):
    """Every setting of docproc; each is a key of docproc.toml and, in capitals with DOCPROC_ before it, a variable."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    data_dir: Annotated[Path, Field(description="Folder of the database, the blobs and the locks.")] = user_data_path(
        "docproc", appauthor=False
    )
    database_url: Annotated[
        SecretStr | None, Field(description="SQLAlchemy URL; by default SQLite in the data folder.")
    ] = None
    blob_url: Annotated[
        SecretStr | None,
        Field(description="Blob store: s3://BUCKET/PREFIX?endpoint=…, or a folder; by default in the data folder."),
    ] = None
    broker_url: Annotated[
        SecretStr | None, Field(description="Message broker of a service: redis://HOST:6379/0, or amqp://…")
    ] = None
    sealing_key: Annotated[
        SecretStr | None,
        AfterValidator(lambda secret: secret and _sealing_keys(secret)),
        Field(description="Seals passwords for a service's workers; of several, parted by commas, the first one."),
    ] = None
    lease_seconds: Annotated[
        float, Field(ge=2, le=3600, description="How long work of a worker that died stays with it.")
    ] = 30.0
    task_seconds: Annotated[
        float,
        Field(ge=1, description="How long a worker's task may come to no checkpoint before it counts as hanging."),
    ] = 3600.0
    log_level: Annotated[LogLevel, Field(description="The least of what a worker logs; errors are the most.")] = "INFO"
    log_format: Annotated[
        LogFormat, Field(description="Lines of the log: json, text, or auto: text on a terminal, JSON elsewhere.")
    ] = "auto"
    trace_endpoint: Annotated[
        str | None,
        Field(
            pattern=r"^https?://", description="OpenTelemetry collector that is told of every step; by default none."
        ),
    ] = None
    readers: Annotated[dict[str, str], Field(description="Readers of your own by name: package.module:factory.")] = {}
    remote_endpoints: Annotated[
        list[str], Field(description="OpenAI-compatible servers of the reader `remote`: http://HOST:8000/v1")
    ] = []
    remote_model: Annotated[
        str | None, Field(description="The model that those servers are asked for; by default the only one they have.")
    ] = None
    remote_api_key: Annotated[SecretStr | None, Field(description="What those servers ask for as a key.")] = None
    remote_api_key_file: Annotated[Path | None, Field(description="A file that holds that key instead.")] = None
    remote_route: Annotated[
        Literal["vision", "text", "auto"],
        Field(description="What of a page is sent; auto: its text where it has a text layer, else its image."),
    ] = "auto"
    remote_timeout_seconds: Annotated[float, Field(gt=0, description="How long one answer may take.")] = 300.0
    remote_concurrency: Annotated[
        int, Field(ge=1, le=1024, description="Most requests at a time to one of those servers.")
    ] = 16
    server_key: Annotated[
        SecretStr | None, Field(description="The key with which commands that take --server ask that server.")
    ] = None
    vlm_model: Annotated[Path | None, Field(description="Folder of the model of the reader `vlm`.")] = None
    vlm_adapter: Annotated[
        Path | None, Field(description="Folder of an adapter, for every schema that has none of its own.")
    ] = None
    vlm_adapters: Annotated[
        dict[str, Path], Field(description="Folders of LoRA adapters by schema: invoice@1, or invoice.")
    ] = {}
    vlm_route: Annotated[
        Literal["vision", "text", "auto"],
        Field(description="What of a page the model is shown; auto: its words where somebody typed them."),
    ] = "vision"
    vlm_constraint: Annotated[
        Literal["grammar", "free"],
        Field(description="grammar: it can write nothing but records; free: what is none is asked again under it."),
    ] = "grammar"
    vlm_thinking_tokens: Annotated[
        int, Field(ge=0, description="Most tokens that a model may think before the record; 0 for none.")
    ] = 0
    vlm_answer_tokens: Annotated[int, Field(ge=64, description="Most tokens of a record.")] = 4096
    vlm_window_pages: Annotated[
        int, Field(ge=1, le=32, description="Most pages that the model reads together; NVLM reads one.")
    ] = 4
    vlm_image_px: Annotated[
        int, Field(ge=224, le=8192, description="Longer side of a page image in pixels; NVLM has tiles instead.")
    ] = 1568
    vlm_rows: Annotated[int, Field(ge=1, le=256, description="Most pages that share the model's passes.")] = 8
    vlm_bits: Annotated[
        Literal[16, 8, 4], Field(description="Bits of a number of the language model's linear maps.")
    ] = 16
    vlm_device: Annotated[
        str | None, Field(description="cuda, cuda:1 or cpu; by default all GPUs, or the processor where there is none.")
    ] = None
    webhook_hosts: Annotated[
        list[str], Field(description="Hosts of your own network that webhooks may lead to; others must be public.")
    ] = []
    source_hosts: Annotated[
        list[str],
        Field(description="Hosts of your own network that documents may be fetched from; others must be public."),
    ] = []
    workers: Annotated[int, Field(ge=1, le=256, description="Documents read at the same time.")] = _processors()
    date_order: Annotated[
        Literal["dmy", "mdy", "ymd"] | None, Field(description="Order of dates such as 03/04/2025.")
    ] = None
    max_bytes: Annotated[int, Field(ge=1, description="Largest file that is accepted.")] = _LIMITS.max_bytes
    max_pages: Annotated[int, Field(ge=1, description="Most pages that a document may have.")] = _LIMITS.max_pages
    max_pixels: Annotated[int, Field(ge=1, description="Largest image that is decoded.")] = _LIMITS.max_pixels
    max_members: Annotated[int, Field(ge=1, description="Most documents that an archive or a mail may hold.")] = (
        _LIMITS.max_members
    )
    max_nesting: Annotated[
        int, Field(ge=1, le=5, description="How deep archives and mails may lie in each other; 1: not at all.")
    ] = _LIMITS.max_nesting
    max_unpacked_bytes: Annotated[int, Field(ge=1, description="Most that an archive or a mail may unpack to.")] = (
        _LIMITS.max_unpacked_bytes
    )
    max_unpack_ratio: Annotated[
        int, Field(ge=1, description="From 64 MiB on: how many times its own size a container may unpack to.")
    ] = _LIMITS.max_unpack_ratio
    page_seconds: Annotated[float, Field(gt=0, description="Computing time for one page.")] = _LIMITS.seconds_per_page
    open_seconds: Annotated[float, Field(gt=0, description="Computing time to open a document.")] = (
        _LIMITS.seconds_to_open
    )
    child_memory_mb: Annotated[int, Field(ge=512, description="Address space of a parsing process, in MiB.")] = (
        _LIMITS.memory_bytes // MIB
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then secret files, then docproc.toml here, then the user's. Raises UsageError."""
        files = [_SettingsFile(settings_cls, path) for path in settings_files()]
        return (init_settings, env_settings, *_secret_files(settings_cls), *files)

    @property
    def database(self) -> str:
        """The database URL with its secret: for the engine only, never for a log."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.data_dir / 'docproc.db').absolute()}"

    @property
    def blobs(self) -> str | Path:
        """Where blobs lie."""
        return self.data_dir / "blobs" if self.blob_url is None else self.blob_url.get_secret_value()

    @property
    def broker(self) -> str | None:
        """The broker URL with its secret."""
        return None if self.broker_url is None else self.broker_url.get_secret_value()

    @property
    def sealing_keys(self) -> tuple[str, ...]:
        """The first seals, each opens."""
        return () if self.sealing_key is None else _parted(self.sealing_key)

    @property
    def limits(self) -> Limits:
        """What one document may ask for."""
        return replace(
            _LIMITS,
            max_bytes=self.max_bytes,
            max_pages=self.max_pages,
            max_pixels=self.max_pixels,
            max_members=self.max_members,
            max_nesting=self.max_nesting,
            max_unpacked_bytes=self.max_unpacked_bytes,
            max_unpack_ratio=self.max_unpack_ratio,
            seconds_per_page=self.page_seconds,
            seconds_to_open=self.open_seconds,
            memory_bytes=self.child_memory_mb * MIB,
        )

    @property
    def day_first(self) -> bool | None:
        """Order of numeric dates; `ymd` is never ambiguous and says nothing of the other two."""
        return {"dmy": True, "mdy": False}.get(self.date_order or "")


def override(settings: Settings, **given: object) -> Settings:
    """Settings with others for this command, which the processes that it makes see too; None leaves one as it is."""
    chosen = {name: value for name, value in given.items() if value is not None}
    for name, value in chosen.items():
        os.environ[f"{PREFIX}{name.upper()}"] = str(value) if isinstance(value, str | Path) else json.dumps(value)
    return settings.model_copy(update=chosen)


class WorkerSettings(BaseSettings):
    """What a worker tells the processes that it makes; nobody sets this by hand."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}WORKER_", frozen=True)

    id: str = ""
    #: tasks at the same time in one process
    threads: int = 1
    #: folder of the files that its processes count in; empty: they do not count
    metrics_dir: str = ""


def hand_down(worker: WorkerSettings) -> None:
    """Let processes that this one makes see the same."""
    os.environ[f"{PREFIX}WORKER_ID"] = worker.id
    os.environ[f"{PREFIX}WORKER_THREADS"] = str(worker.threads)
    if worker.metrics_dir:
        os.environ[f"{PREFIX}WORKER_METRICS_DIR"] = worker.metrics_dir
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = worker.metrics_dir  # where prometheus_client looks for it


def settings_files() -> list[Path]:
    """The settings files that exist, strongest first."""
    places = [Path.cwd() / FILE_NAME, _users_file()]
    return [place for place in places if place.is_file()]


def _users_file() -> Path:
    return user_config_path("docproc", appauthor=False) / FILE_NAME


class _SettingsFile(TomlConfigSettingsSource):
    """One docproc.toml."""

    def __init__(self, settings_cls: type[BaseSettings], path: Path) -> None:
        """Raises UsageError when it sets what only the user's own may set."""
        super().__init__(settings_cls, path)
        refused = sorted(OWN_FILE_ONLY & set(self.toml_data))
        if refused and path != _users_file():
            variables = ", ".join(PREFIX + name.upper() for name in refused)
            raise UsageError(
                f"settings: {path} may not set {', '.join(refused)}: whoever sends a folder could then take your "
                f"records or run code. Set {variables}, or write to {_users_file()}"
            )


def load_settings() -> Settings:
    """Raises UsageError that names the setting that is wrong, and not its value."""
    try:
        return Settings()
    except ValidationError as exc:
        found = "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in exc.errors())
        raise UsageError(f"settings: {found}") from None
    except SettingsError as exc:  # a list that is none, a folder of secrets that may not be read
        raise UsageError(f"settings: {exc}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
        files = " or ".join(map(str, settings_files()))
        raise UsageError(f"settings: {files} cannot be read: {exc}") from exc


def _secret_files(settings_cls: type[BaseSettings]) -> list[SecretsSettingsSource]:
    """A file for each setting, named as its variable, as containers and systemd hand over what nobody may see.

    Raises UsageError when the folder is not there: a service without its secrets would begin as another one.
    """
    folder = os.environ.get(SECRETS_DIR)
    if not folder:
        return []
    if not Path(folder).is_dir():
        raise UsageError(f"settings: {SECRETS_DIR}: there is no folder {folder}")
    return [SecretsSettingsSource(settings_cls, secrets_dir=folder)]


def setting_sources() -> dict[str, str]:
    """For every setting, where its value comes from: a variable, a file or `default`."""
    sources = dict.fromkeys(Settings.model_fields, "default")
    for path in reversed(settings_files()):
        sources.update(dict.fromkeys(TomlConfigSettingsSource(Settings, path)(), str(path)))
    for secret_files in _secret_files(Settings):
        sources.update(dict.fromkeys(secret_files(), os.environ[SECRETS_DIR]))
    for name in EnvSettingsSource(Settings)():
        sources[name] = f"{PREFIX}{name.upper()}"
    return sources
