"""JSON text in its row or, when long, in a blob; and blobs copied. Knows no table."""

from docproc.domain.errors import StorageError
from docproc.services.ports import BlobStore
from docproc.services.records import Body

#: longer text goes to a blob: rows stay small enough to list
INLINE_BYTES = 256 * 1024


def put_body(blobs: BlobStore, key: str, content: bytes) -> Body:
    if len(content) <= INLINE_BYTES:
        return Body(text=content.decode())
    blobs.put(key, [content])
    return Body(blob_key=key)


def get_body(blobs: BlobStore, body: Body) -> bytes:
    """Raises BlobMissingError."""
    if body.text is not None:
        return body.text.encode()
    if body.blob_key is None:
        raise StorageError("a stored text is neither in its row nor in a blob")
    return blobs.read(body.blob_key)


def copy_body(blobs: BlobStore, body: Body, *, key: str) -> Body:
    """The same body for another owner, so that each can be deleted alone."""
    if body.blob_key is None:
        return body
    blobs.put(key, blobs.stream(body.blob_key))
    return Body(blob_key=key)
