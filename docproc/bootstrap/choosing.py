"""Who reads a service's job: settled when it is submitted, by what is set up and what workers host. Reads nothing."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docproc.bootstrap.readers import CPU_READERS, READERS, model_of, queue_of, require_readable
from docproc.domain.errors import UsageError
from docproc.services.dispatching import Supply
from docproc.services.served_models import COUNTED_ON_S, USUAL_MODEL

if TYPE_CHECKING:
    from docproc.domain.schema import ExtractionSchema
    from docproc.services.work_ports import WorkStores
    from docproc.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenReader:
    """Where a job's pages are read."""

    queue: str
    #: the hosted model that `auto` leaves pages to; None: what the workers' own settings say
    model: str | None = None


def choose_reader(reader: str, schema: "ExtractionSchema", *, settings: "Settings", work: "WorkStores") -> ChosenReader:
    """Raises UsageError for a reader that nobody knows, SchemaError when nothing would hold it to the schema."""
    queue = queue_of(reader)
    if reader == "auto":
        return ChosenReader(queue=queue, model=_model_behind(schema, settings, work))
    hosted = None if reader in CPU_READERS else work.models.find(reader)
    if hosted is not None:
        if hosted.is_held:
            _require_held(schema)
        return ChosenReader(queue=queue)
    if reader == USUAL_MODEL and settings.vlm_model is None:
        raise UsageError("no worker has hosted a model called vlm: start one with docproc worker --model DIR")
    known = (*READERS, *settings.readers)
    if reader not in known and queue not in work.tasks.capacity(alive_s=Supply().alive_s):
        names = ", ".join((*known, *work.models.names(seen_s=COUNTED_ON_S)))
        raise UsageError(
            f"there is no reader called {reader!r}: there are {names}, and no worker serves {queue}; "
            "name readers of your own in the setting `readers`, or host a model: docproc worker --model NAME=DIR"
        )
    require_readable(schema, reader, settings)
    return ChosenReader(queue=queue)


def _model_behind(schema: "ExtractionSchema", settings: "Settings", work: "WorkStores") -> str | None:
    """None where the settings say it already, and where no worker has hosted the usual model of late."""
    if model_of("auto", settings) is not None or USUAL_MODEL not in work.models.names(seen_s=COUNTED_ON_S):
        return None
    hosted = work.models.find(USUAL_MODEL)
    return USUAL_MODEL if hosted is not None and not (hosted.is_held and schema.unheld) else None


def _require_held(schema: "ExtractionSchema") -> None:
    from docproc.decoding.profile import require_held  # noqa: PLC0415

    require_held(schema)
