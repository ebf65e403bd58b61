"""JSON pointers (RFC 6901): naming a place in a schema and going there. Knows nothing of schemas."""

from urllib.parse import unquote


def join(pointer: str, *tokens: str | int) -> str:
    """`pointer` with `tokens` appended, escaped."""
    return pointer + "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def resolve(document: object, fragment: str) -> object:
    """The place that `fragment` (`/definitions/a`) names in `document`; KeyError when there is none."""
    place = document
    for token in split(fragment):
        if isinstance(place, dict) and token in place:
            place = place[token]
        elif isinstance(place, list) and token.isdecimal() and int(token) < len(place):
            place = place[int(token)]
        else:
            raise KeyError(fragment)
    return place


def split(fragment: str) -> list[str]:
    """The unescaped tokens of a pointer."""
    return [token.replace("~1", "/").replace("~0", "~") for token in unquote(fragment).split("/")[1:]]
