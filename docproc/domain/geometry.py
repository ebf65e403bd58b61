"""Rectangles on a page: page points (1/72 inch), top-left origin, of the page as displayed."""

from collections.abc import Iterable
from typing import NamedTuple, Self


class Box(NamedTuple):
    """A rectangle in page points; `bottom` is below `top`, so `bottom >= top`."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        left, top, right, bottom = self
        return (right - left) * (bottom - top) if right > left and bottom > top else 0.0

    @property
    def middle_x(self) -> float:
        return (self.left + self.right) / 2

    @property
    def middle_y(self) -> float:
        return (self.top + self.bottom) / 2

    def intersection(self, other: "Box") -> float:
        """Area shared with `other`, in square points."""
        # most boxes that are compared lie apart: that is asked first, here and below
        if self.right <= other.left or other.right <= self.left or self.bottom <= other.top or other.bottom <= self.top:
            return 0.0
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)

    def vertical_overlap(self, other: "Box") -> float:
        """Share of the lower of the two heights that both have in common, 0 to 1."""
        if self.bottom <= other.top or other.bottom <= self.top:
            return 0.0
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        lower = min(self.bottom - self.top, other.bottom - other.top)
        return shared / lower if lower > 0 else 0.0

    def horizontal_overlap(self, other: "Box") -> float:
        """Share of the narrower of the two widths that both have in common, 0 to 1."""
        if self.right <= other.left or other.right <= self.left:
            return 0.0
        shared = min(self.right, other.right) - max(self.left, other.left)
        narrower = min(self.right - self.left, other.right - other.left)
        return shared / narrower if narrower > 0 else 0.0

    def rounded(self, digits: int = 2) -> Self:
        return type(self)(*(round(edge, digits) for edge in self))


def enclosing(boxes: Iterable[Box]) -> Box:
    """The smallest box around all of `boxes`; raises ValueError when there is none."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))
