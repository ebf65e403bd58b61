"""What page image a reader asks for: one of three ways to say its size. Knows no pixels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TileCanvas:
    """The page drawn straight at columns x tile_px by rows x tile_px, aspect distorted, plus a thumbnail."""

    tile_px: int = 448
    max_tiles: int = 6
    thumbnail: bool = True
    #: render at true aspect and resize bicubically, as NVLM's own code does
    reference: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LongestSide:
    """The page at its own aspect with the longer side `pixels` long."""

    pixels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The page at its own aspect at `dpi`."""

    dpi: int


PageImageSpec = TileCanvas | LongestSide | Resolution
