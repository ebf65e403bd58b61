"""Regular expressions of a schema: can they be run safely, can a constraint take them, are they anchored?"""

import re

#: constructs that a token constraint cannot follow because they look beyond the next character
_LOOKS_AROUND = re.compile(r"\(\?<?[=!]|\\[1-9]|\(\?P=|\\[bBAZ]")
_ESCAPED = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
#: `.*` may be in a pattern so often
MAX_REPEATED_ANYTHING = 3
_REPEATED_ANYTHING = re.compile(r"\.(?:[*+]|\{\d*,\})")
_UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")


def compiles(pattern: str) -> bool:
    """Python can run it. ECMA named groups are translated by `translated` first."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def is_runnable(pattern: str) -> bool:
    """It can be tried on any value in a sane time."""
    python = translated(pattern)
    return compiles(python) and not may_explode(python)


def translated(pattern: str) -> str:
    """An ECMA expression in Python's words: named groups, `/`, and letters outside ASCII by category."""
    pattern = re.sub(r"\(\?<(?![=!])", "(?P<", pattern)
    pattern = re.sub(r"\\p\{L[lu]?\}", r"[^\\W\\d_]", pattern)
    return re.sub(r"\\u\{([0-9a-fA-F]{1,4})\}", lambda found: "\\u" + found[1].rjust(4, "0"), pattern)


def anchored(pattern: str) -> str | None:
    """`pattern` as one that matches from the first to the last character; None when that cannot be written.

    JSON Schema searches: `[A-Z]` accepts any text with a capital in it. A constraint compares the whole value.
    """
    if _LOOKS_AROUND.search(pattern) or "(?" in re.sub(r"\(\?(?::|P<)", "", pattern):
        return None
    skeleton = _skeleton(pattern)
    starts, ends = skeleton.startswith("^"), skeleton.endswith("$")
    body = pattern[starts : len(pattern) - ends]
    inner = skeleton[starts : len(skeleton) - ends]
    if "^" in inner or "$" in inner:
        return None
    if _has_top_level_choice(inner):
        if starts or ends:  # the anchor belongs to one alternative only
            return None
        body = f"(?:{body})"
    before, after = "" if starts else r"[\s\S]*", "" if ends else r"[\s\S]*"
    return f"^{before}{body}{after}$"


def is_anchored(pattern: str) -> bool:
    """It begins with ^ and ends with $ and says so for all its alternatives."""
    skeleton = _skeleton(pattern)
    if not (skeleton.startswith("^") and skeleton.endswith("$")):
        return False
    return not _has_top_level_choice(skeleton)


def may_explode(pattern: str) -> bool:
    """A repeated group that itself repeats can take exponential time on a value that nearly matches.

    A group that opens with a plain character, as in `[a-z]+(-[a-z]+)*`, cannot be split in two ways and is safe. Many
    repeats of anything in a row take a power of the value's length.
    """
    skeleton = _skeleton(pattern)
    if len(_REPEATED_ANYTHING.findall(skeleton)) > MAX_REPEATED_ANYTHING:
        return True
    open_groups: list[int] = []
    for index, character in enumerate(skeleton):
        if character == "(":
            open_groups.append(index)
        elif character == ")" and open_groups:
            start = open_groups.pop()
            body = skeleton[start + 1 : index].removeprefix("?:")
            repeated = _UNBOUNDED.match(skeleton, index + 1)
            if repeated and _UNBOUNDED.search(body) and not _opens_plainly(body):
                return True
    return False


def _opens_plainly(body: str) -> bool:
    """The first thing in a group is one fixed character that is not itself optional, and no other alternative."""
    return bool(re.match(r"(?:[\x01\-_/,:; @#]|\w)(?![*?{])", body)) and "|" not in body


def _skeleton(pattern: str) -> str:
    """The pattern at the same length, with escapes and classes blanked so that only its structure is left."""

    def blank(found: re.Match[str]) -> str:
        if found[0].startswith("["):
            return "\x02" * len(found[0])
        return "\x01" * 2 if found[0][1] in r".-_/,:;@#+()\{}[]|$^*?" else "\x02" * 2

    return _ESCAPED.sub(blank, pattern)


def _has_top_level_choice(skeleton: str) -> bool:
    depth = 0
    for character in skeleton:
        depth += (character == "(") - (character == ")")
        if character == "|" and depth == 0:
            return True
    return False
