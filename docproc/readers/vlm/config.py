"""What an operator says of the model in this process. Knows no setting and no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from docproc.decoding.speculate import BUDGET
from docproc.domain.reading import Route
from docproc.domain.schema import ExtractionSchema


class Held(StrEnum):
    """How the model is kept to the schema."""

    #: it cannot write anything that is no record
    GRAMMAR = "grammar"
    #: it writes what it wants; what is no record is asked again under the grammar
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class VlmConfig:
    """Everything that there is to choose."""

    #: folder of the checkpoint
    model: Path
    #: what the reader is called
    name: str = "vlm"
    #: for every schema that has none of its own; None: the model as it is
    adapter: Path | None = None
    #: by schema, `invoice@1` or `invoice`
    adapters: Mapping[str, Path] = field(default_factory=dict)
    route: Route = Route.VISION
    held: Held = Held.GRAMMAR
    #: most tokens of a model's thoughts before the record; 0: it does not think
    thinking_tokens: int = 0
    #: most tokens of a record
    answer_tokens: int = BUDGET
    #: most pages that are read together; NVLM reads one, whatever is said here
    window_pages: int = 4
    #: longer side of a page image; NVLM has tiles instead
    image_px: int = 1568
    #: None: all GPUs, or the processor where there is none
    device: str | None = None
    bits: int = 16
    #: most pages that share a pass
    rows: int = 8

    def adapter_for(self, schema: ExtractionSchema) -> str | None:
        """The name of the adapter that a schema has of its own."""
        return next((name for name in (schema.label, schema.name) if name in self.adapters), None)
