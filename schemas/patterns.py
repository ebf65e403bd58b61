"""Regular expressions of a schema: can they be run safely, can a constraint take them, are they anchored?"""

import re

#: constructs that a token constraint cannot follow because they look beyond the next character
_LOOKS_AROUND = re.compile(r"\(\?<?[=!]|\\[1-9]|\(\?P=|\\[bBAZ]")
_ESCAPED = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
#: `.*` may be in a pattern so often
MAX_REPEATED_ANYTHING = 3
_REPEATED_ANYTHING = re.compile(r"\.(?:[*+]|\{\d*,\})")
_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
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
    """Trying it may take exponential time on a value that nearly matches.

    That is so for a repeated group that itself repeats, unless each round opens with a mark that cannot occur elsewhere
    in the group, as in `[a-z]+(-[a-z]+)*`. Many repeats of anything in a row take a power of the value's length.
    """
    skeleton = _skeleton(pattern)
    if len(_REPEATED_ANYTHING.findall(skeleton)) > MAX_REPEATED_ANYTHING:
        return True
    open_groups: list[int] = []
    for index, character in enumerate(skeleton):
        if character == "(":
            open_groups.append(index + 1)
        elif character == ")" and open_groups:
            start = open_groups.pop()
            repeated = _UNBOUNDED.match(skeleton, index + 1) and _UNBOUNDED.search(skeleton, start, index)
            if repeated and not _has_own_opener(pattern[start:index]):
                return True
    return False


def _has_own_opener(body: str) -> bool:
    """A group opens with one mark that nothing else in it matches: a value falls into rounds in one way only."""
    body = body.removeprefix("?:")
    escaped = body.startswith("\\")
    opener, rest = body[escaped : escaped + 1], body[escaped + 1 :]
    if (
        opener.isalnum()
        or (opener in "[(.^$" and not escaped)
        or rest[:1] in ("*", "+", "?", "{")
        or "|" in _skeleton(rest)
    ):
        return False
    return not any(_matches(atom, opener) for atom in _ATOM.findall(rest))


def _matches(atom: str, character: str) -> bool:
    """One class, escape or character of a pattern; those that only build groups match nothing."""
    if atom in "()*+?{}":
        return False
    return not compiles(atom) or re.fullmatch(atom, character) is not None


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
