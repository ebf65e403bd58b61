"""Readers made of the settings, by their names: who reads, who reads what that is not sure of, and in which queue."""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from docproc.domain.errors import UsageError
from docproc.services.work_records import CPU_QUEUE, MODEL_QUEUE
from docproc.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from docproc.domain.schema import ExtractionSchema
    from docproc.pipeline.ports import Reader
    from docproc.readers.remote.config import RemoteConfig
    from docproc.readers.remote.servers import EndpointHealth
    from docproc.readers.vlm.config import VlmConfig
    from docproc.readers.vlm.reader import VlmReader

#: what reads without a model, on any worker
CPU_READERS = ("auto", "einvoice", "layout")
READERS = (*CPU_READERS, "vlm", "remote")


def make_reader(name: str, settings: Settings) -> "Reader":
    """The reader called `name`. Raises UsageError for another name, or one that the settings do not suffice for."""
    from docproc.readers.auto import AutoReader  # noqa: PLC0415
    from docproc.readers.einvoice import EinvoiceReader  # noqa: PLC0415
    from docproc.readers.layout.reader import LayoutReader  # noqa: PLC0415

    if name == "einvoice":
        return EinvoiceReader()
    if name == "layout":
        return LayoutReader()
    if name == "auto":
        return AutoReader(einvoice=EinvoiceReader(), pages=LayoutReader())
    if name == "vlm":
        return hosted_reader(name, settings)
    if name == "remote":
        return _remote_reader(settings)
    if name in settings.readers:
        return _own_reader(name, settings.readers[name])
    raise UsageError(f"there is no reader called {name!r}; there are {', '.join((*READERS, *settings.readers))}")


def model_of(reader: str, settings: Settings) -> str | None:
    """The reader that `reader` leaves pages to that it is not sure of; None when it reads alone."""
    if reader != "auto":
        return None
    if settings.remote_endpoints:
        return "remote"
    return "vlm" if settings.vlm_model is not None else None


def require_readable(schema: "ExtractionSchema", reader: str, settings: Settings) -> None:
    """Before any work is recorded: raises SchemaError when nothing would hold the reader to the schema."""
    from docproc.decoding.profile import require_held  # noqa: PLC0415

    if reader == "vlm" and settings.vlm_constraint == "grammar":
        require_held(schema)


def model_for(schema: "ExtractionSchema", reader: str, settings: Settings) -> str | None:
    """The same for one schema: a model that nothing would hold to it is not asked."""
    named = model_of(reader, settings)
    return None if named == "vlm" and settings.vlm_constraint == "grammar" and schema.unheld else named


def hosted_reader(name: str, settings: Settings) -> "VlmReader":
    """The model of the settings as a reader called `name`. Raises UsageError, or ReaderUnavailableError."""
    if missing := [name for name in ("torch", "transformers", "llguidance") if find_spec(name) is None]:
        raise UsageError(f"the reader vlm: {', '.join(missing)} missing: pip install 'docproc[vlm]'")
    if settings.vlm_model is None:
        raise UsageError("the reader vlm needs a model: --model DIR, or DOCPROC_VLM_MODEL=DIR")
    from docproc.readers.vlm.reader import VlmReader  # noqa: PLC0415 torch takes seconds to import

    return VlmReader(vlm_config(settings, settings.vlm_model, name=name))


def vlm_config(settings: Settings, model: "Path", *, name: str = "vlm") -> "VlmConfig":
    """How the settings want the model in `model` used."""
    from docproc.domain.reading import Route  # noqa: PLC0415
    from docproc.readers.vlm.config import Held, VlmConfig  # noqa: PLC0415

    return VlmConfig(
        name=name,
        model=model,
        adapter=settings.vlm_adapter,
        adapters=settings.vlm_adapters,
        route=Route(settings.vlm_route),
        held=Held(settings.vlm_constraint),
        thinking_tokens=settings.vlm_thinking_tokens,
        answer_tokens=settings.vlm_answer_tokens,
        window_pages=settings.vlm_window_pages,
        image_px=settings.vlm_image_px,
        device=settings.vlm_device,
        bits=settings.vlm_bits,
        rows=settings.vlm_rows,
    )


def is_one_a_process(reader: str, settings: Settings) -> bool:
    """It holds a model, or leaves pages to one, which threads share and processes would each load."""
    return "vlm" in (reader, model_of(reader, settings))


def reads_at_once(reader: str, settings: Settings) -> int:
    """Documents at the same time where nobody says how many: what fills the machine."""
    return settings.vlm_rows if is_one_a_process(reader, settings) else settings.workers


def _remote_reader(settings: Settings) -> "Reader":
    from docproc.readers.remote.reader import RemoteReader  # noqa: PLC0415 its HTTP client takes long to import

    if not settings.remote_endpoints:
        raise UsageError("the reader remote needs a server: --endpoint URL, or DOCPROC_REMOTE_ENDPOINTS='[\"URL\"]'")
    return RemoteReader(remote_config(settings))


def remote_config(settings: Settings) -> "RemoteConfig":
    """The servers as the settings name them. Raises UsageError."""
    from docproc.domain.reading import Route  # noqa: PLC0415
    from docproc.readers.remote.config import RemoteConfig, base_address  # noqa: PLC0415

    return RemoteConfig(
        endpoints=tuple(dict.fromkeys(map(base_address, settings.remote_endpoints))),
        model=settings.remote_model,
        api_key=_remote_key(settings),
        route=Route(settings.remote_route),
        timeout_s=settings.remote_timeout_seconds,
        concurrency=settings.remote_concurrency,
    )


def _remote_key(settings: Settings) -> str | None:
    key = settings.remote_api_key.get_secret_value() if settings.remote_api_key else None
    if key is None and settings.remote_api_key_file is not None:
        try:
            key = settings.remote_api_key_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise UsageError(f"settings: remote_api_key_file cannot be read: {type(exc).__name__}") from exc
    key = key.strip() if key else None
    if key and not (key.isascii() and key.isprintable()):
        raise UsageError("settings: the remote API key holds characters that no key has")
    return key


def remote_health(settings: Settings) -> "Sequence[EndpointHealth]":
    """What each named endpoint says when it is asked for its models. Raises UsageError."""
    import asyncio  # noqa: PLC0415

    from docproc.readers.remote.servers import Servers  # noqa: PLC0415

    return asyncio.run(Servers(remote_config(settings)).health())


def _own_reader(name: str, factory: str) -> "Reader":
    """A reader that the operator named in the settings: whoever submits a job can only choose among those."""
    module, _, attribute = factory.partition(":")
    try:
        reader: Reader = getattr(import_module(module), attribute)()
    except (ImportError, AttributeError, TypeError) as exc:
        raise UsageError(f"settings: readers.{name}: {factory!r} cannot be loaded: {exc}") from exc
    return reader


def queue_of(reader: str) -> str:
    """Where workers read the pages of jobs that ask for `reader`."""
    return CPU_QUEUE if reader in CPU_READERS else f"{MODEL_QUEUE}{reader}"
