"""Options that say which model reads and how: into settings, for this command and the processes that it makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docproc.settings import Settings


class RouteName(StrEnum):
    """What of a page a model is shown."""

    VISION = "vision"
    TEXT = "text"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """What was said on the command line; None or empty: nothing."""

    endpoint: Sequence[str] | None = None
    #: a folder for the reader `vlm`, a name for `remote`
    model: str | None = None
    adapter: Path | None = None
    route: RouteName | None = None


def for_readers(settings: "Settings", readers: Sequence[str], told: ModelOptions) -> "Settings":
    """The settings with what was said of the model. Raises UsageError before any work is recorded."""
    from docproc.bootstrap import make_reader
    from docproc.domain.errors import UsageError
    from docproc.settings import override

    asked = {_model_behind(reader, settings, told) for reader in readers}
    remote, vlm = "remote" in asked, "vlm" in asked
    if told.endpoint and not remote:
        raise UsageError("--endpoint goes with --reader remote, or auto")
    if told.adapter and not vlm:
        raise UsageError("--adapter goes with --reader vlm, or auto")
    if (told.model or told.route) and not (remote or vlm):
        raise UsageError("--model and --route go with --reader vlm or remote, or with auto that leaves pages to one")
    if told.model and remote and vlm:
        raise UsageError("--model names one model: say which vlm reads with in DOCPROC_VLM_MODEL")
    route = told.route.value if told.route else None
    if remote:
        settings = override(
            settings, remote_endpoints=list(told.endpoint or ()) or None, remote_model=told.model, remote_route=route
        )
    if vlm:
        model = Path(told.model).absolute() if told.model else None
        adapter = told.adapter.absolute() if told.adapter else None
        settings = override(settings, vlm_model=model, vlm_adapter=adapter, vlm_route=route)
    for reader in sorted({"remote", "vlm"} & asked):
        make_reader(reader, settings)
    return settings


def _model_behind(reader: str, settings: "Settings", told: ModelOptions) -> str:
    """The reader itself; of `auto` the model that it leaves pages to, which the options may be about."""
    from docproc.bootstrap import model_of

    if reader != "auto":
        return reader
    if told.endpoint:
        return "remote"
    return model_of(reader, settings) or ("vlm" if told.model else reader)
