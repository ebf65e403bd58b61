"""What one document may ask for; knows the numbers, not who enforces them."""

from dataclasses import dataclass

MIB = 1 << 20
GIB = 1 << 30
#: a container that unpacks to no more is no bomb, however small it was: blank scans shrink a thousandfold
FREE_UNPACKED_BYTES = 64 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The defaults stop a bomb within seconds and let an honest file of 10,000 pages through."""

    max_bytes: int = 1 * GIB
    max_pages: int = 20_000
    #: of one page image or frame, before it is decoded (an A0 plan at 200 dpi has 62 million)
    max_pixels: int = 100_000_000
    #: computing time to parse and draw one page; waiting for a processor does not count
    seconds_per_page: float = 20.0
    #: computing time to recognise one page; its picture's size is bounded, so only a slow machine gets near
    seconds_per_ocr: float = 60.0
    #: computing time to open a document and to read its structure
    seconds_to_open: float = 20.0
    #: wall-clock time may be this many times the computing time, on a busy machine
    wall_factor: float = 3.0
    #: wall-clock time of a whole document
    seconds_per_document: float = 24 * 3600.0
    #: address space of the process that parses; OCR takes about 1.5 GiB of it
    memory_bytes: int = 3 * GIB
    #: of all XML files embedded in one document together
    max_attachment_bytes: int = 16 * MIB
    #: pages that may crash or time out before the whole document is given up
    max_failed_pages: int = 3
    #: documents in one container, with those of the containers in it
    max_members: int = 10_000
    #: containers in containers: 1 is the one that was submitted
    max_nesting: int = 3
    #: of all that one container unpacks to, with the containers in it
    max_unpacked_bytes: int = 4 * GIB
    #: what it unpacks to may be this many times its own size; below `FREE_UNPACKED_BYTES` nobody asks
    max_unpack_ratio: int = 200
    #: wall-clock time to unpack one container, with those in it
    seconds_to_unpack: float = 3600.0
