"""What the words and pixels of a page depend on besides the bytes of its document."""

from importlib.metadata import version

#: raise it when the same bytes give other words, boxes or images
OWN_VERSION = 1


def source_version() -> str:
    """Our own version with that of the renderer and of the recogniser."""
    return f"{OWN_VERSION}:pymupdf-{version('pymupdf')}:rapidocr-{version('rapidocr')}"
