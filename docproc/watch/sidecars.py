"""What `NAME.meta.json` beside a file says of it. Knows no place."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from docproc.services.storable import storable_tree
from docproc.watch.companions import NOT_THERE
from docproc.watch.ports import Sidecar, SidecarError

_MOST_BYTES = 1 << 20


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    external_id: Annotated[str | None, Field(max_length=255), AfterValidator(storable_tree)] = None
    metadata: Annotated[dict[str, Any], AfterValidator(storable_tree)] = {}


def read_sidecar(path: Path) -> Sidecar:
    """An empty one when there is no such file. Raises SidecarError, which names no value; OSError."""
    try:
        if path.lstat().st_size > _MOST_BYTES:
            raise SidecarError(f"{path.name}: larger than {_MOST_BYTES:,} bytes")
        content = path.read_bytes()
    except OSError as exc:
        if exc.errno in NOT_THERE:
            return Sidecar()
        raise
    return parse_sidecar(content, name=path.name)


def parse_sidecar(content: bytes, *, name: str) -> Sidecar:
    """Raises SidecarError."""
    try:
        body = _Body.model_validate_json(content)
    except ValidationError as exc:
        where = ", ".join(sorted({".".join(map(str, each["loc"])) or "JSON" for each in exc.errors()}))
        raise SidecarError(
            f"{name}: {where} is wrong: an object with external_id (text) and metadata (an object) is wanted, "
            "in which nothing holds a NUL character or a number without an end"
        ) from None
    return Sidecar(external_id=body.external_id, metadata=body.metadata)
