"""Which blobs rows name, by the exact key, and page images by their document's bytes. Knows no blob store."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Select, select

from docproc.services.blob_keys import OF_DOCUMENT, BlobKind, stem_of
from docproc.storage.database import Database
from docproc.storage.service_tables import EXPORTS
from docproc.storage.tables import DOCUMENTS, EXTRACTIONS, READINGS

#: rows fetched at a time
_AT_A_TIME = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Naming:
    """A column whose rows name blobs of one kind."""

    tenant: Column[Any]
    #: a key, or (`in_list`) a list of tables with one each
    key: Column[Any]
    #: what the row belongs to
    owner: Column[Any]
    in_list: bool = False

    def rows(self) -> Select[Any]:
        return select(self.owner.label("owner"), self.key.label("key")).where(self.key.is_not(None))

    def keys(self, stored: Any) -> list[str]:  # noqa: ANN401 text or JSON
        return [table["blob_key"] for table in stored] if self.in_list else [stored]


_NAMED_BY: Mapping[BlobKind, _Naming] = {
    BlobKind.ORIGINAL: _Naming(tenant=DOCUMENTS.c.tenant, key=DOCUMENTS.c.original_key, owner=DOCUMENTS.c.id),
    BlobKind.WORDS: _Naming(tenant=DOCUMENTS.c.tenant, key=DOCUMENTS.c.words_key, owner=DOCUMENTS.c.id),
    BlobKind.READING: _Naming(tenant=READINGS.c.tenant, key=READINGS.c.body_key, owner=READINGS.c.document_id),
    BlobKind.EXTRACTION: _Naming(
        tenant=EXTRACTIONS.c.tenant, key=EXTRACTIONS.c.body_key, owner=EXTRACTIONS.c.document_id
    ),
    BlobKind.EXPORT: _Naming(tenant=EXPORTS.c.tenant, key=EXPORTS.c.blob_key, owner=EXPORTS.c.id),
    BlobKind.TABLE: _Naming(
        tenant=EXTRACTIONS.c.tenant, key=EXTRACTIONS.c.tables, owner=EXTRACTIONS.c.document_id, in_list=True
    ),
}


class SqlBlobNames:
    """The keys in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def kinds(self) -> tuple[BlobKind, ...]:
        return (*_NAMED_BY, BlobKind.IMAGE)

    def named(self, tenant: str, kind: BlobKind) -> Iterator[str]:
        if kind is BlobKind.IMAGE:  # made again when one is gone: no row counts on it
            return
        naming = _NAMED_BY[kind]
        with self._database.long_read() as connection:
            # a cursor on the server: a million keys never lie in memory together
            streaming = connection.execution_options(stream_results=True, yield_per=_AT_A_TIME)
            for row in streaming.execute(naming.rows().where(naming.tenant == tenant)):
                yield from naming.keys(row.key)

    def naming(self, kind: BlobKind, keys: Collection[str]) -> Mapping[str, UUID]:
        if kind is BlobKind.IMAGE:
            return self._with_content(keys)
        naming = _NAMED_BY[kind]
        statement = naming.rows()
        if kind in OF_DOCUMENT:  # which their names begin with: an index finds the rows
            stems = {stem_of(key.rsplit("/", 1)[1]) for key in keys}
            statement = statement.where(naming.owner.in_([UUID(hex=stem) for stem in stems]))
        else:
            statement = statement.where(naming.key.in_(keys))
        with self._database.read() as connection:
            found = [(key, row.owner) for row in connection.execute(statement) for key in naming.keys(row.key)]
        return {key: owner for key, owner in found if key in keys}

    def _with_content(self, keys: Collection[str]) -> Mapping[str, UUID]:
        """Of the images those whose document is there: they are named by its bytes, and by no row."""
        parts = {key: key.split("/") for key in keys}
        pairs = {(tenant, stem_of(name)) for tenant, _, name in parts.values()}
        statement = select(DOCUMENTS.c.tenant, DOCUMENTS.c.sha256, DOCUMENTS.c.id).where(
            DOCUMENTS.c.tenant.in_({tenant for tenant, _ in pairs}), DOCUMENTS.c.sha256.in_({stem for _, stem in pairs})
        )
        with self._database.read() as connection:
            owners = {(row.tenant, row.sha256): row.id for row in connection.execute(statement)}
        found = {key: owners.get((tenant, stem_of(name))) for key, (tenant, _, name) in parts.items()}
        return {key: owner for key, owner in found.items() if owner is not None}
