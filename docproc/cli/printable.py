"""Names and values of documents are hostile input: nothing in them may steer a terminal or forge a line."""

import unicodedata

#: control, format (bidirectional overrides among them), surrogate, private use, line and paragraph separators
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def printable(text: str) -> str:
    """`text` with every character that is not print spelled out as Python would."""
    return "".join(_spelled(char) if unicodedata.category(char) in _UNPRINTABLE else char for char in text)


def _spelled(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
