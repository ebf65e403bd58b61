"""What every database takes as text and as JSON; knows no database."""

from math import isfinite
from typing import Any


def storable(text: str) -> str:
    """Raises ValueError for what no database takes as text."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds a character that cannot be stored (NUL, or half of a surrogate pair)")
    return text


def storable_tree(tree: Any) -> Any:  # noqa: ANN401 plain JSON
    """`tree` as it is. Raises ValueError where any of it is no JSON, or text that cannot be stored."""
    if isinstance(tree, str):
        storable(tree)
    elif isinstance(tree, list):
        for branch in tree:
            storable_tree(branch)
    elif isinstance(tree, dict):
        for name, branch in tree.items():
            storable(name)
            storable_tree(branch)
    elif isinstance(tree, float):
        if not isfinite(tree):
            raise ValueError("holds a number that JSON does not have")
    elif tree is not None and not isinstance(tree, int):
        raise ValueError(f"holds what JSON does not have: {type(tree).__name__}; write it as text")
    return tree
