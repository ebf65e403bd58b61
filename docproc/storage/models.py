"""Models that workers host: what they announced of them. Knows no worker."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from docproc.domain.image import LongestSide, PageImageSpec, Resolution, TileCanvas
from docproc.services.served_models import ServedModel
from docproc.storage.database import Database
from docproc.storage.service_tables import MODELS
from docproc.storage.upserts import insert_or_leave

_KINDS: Mapping[str, type[PageImageSpec]] = {kind.__name__: kind for kind in (TileCanvas, LongestSide, Resolution)}
_KIND = "kind"


class SqlModelStore:
    """Models in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def announce(self, model: ServedModel) -> None:
        facts: dict[str, Any] = {
            "window_pages": model.window_pages,
            "image": _stored(model.image),
            "is_held": model.is_held,
        }
        with self._database.write() as connection:
            facts["seen_at"] = self._database.now(connection)
            known = update(MODELS).where(MODELS.c.name == model.name).values(facts)
            if not connection.execute(known).rowcount:
                insert_or_leave(connection, MODELS, {"name": model.name, **facts})

    def find(self, name: str) -> ServedModel | None:
        with self._database.read() as connection:
            row = connection.execute(select(MODELS).where(MODELS.c.name == name)).first()
        if row is None:
            return None
        return ServedModel(name=row.name, window_pages=row.window_pages, image=_spec(row.image), is_held=row.is_held)

    def names(self, *, seen_s: float) -> Sequence[str]:
        with self._database.read() as connection:
            since = self._database.now(connection) - timedelta(seconds=seen_s)
            statement = select(MODELS.c.name).where(MODELS.c.seen_at >= since).order_by(MODELS.c.name)
            return list(connection.scalars(statement))


def _stored(spec: PageImageSpec | None) -> dict[str, Any] | None:
    return None if spec is None else {_KIND: type(spec).__name__, **asdict(spec)}


def _spec(stored: Mapping[str, Any] | None) -> PageImageSpec | None:
    if stored is None:
        return None
    terms = {name: value for name, value in stored.items() if name != _KIND}
    return _KINDS[stored[_KIND]](**terms)
