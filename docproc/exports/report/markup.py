"""HTML that is escaped unless it was built here: text of a document can never become markup."""

from html import escape


class Markup(str):
    """Finished HTML; any other string is text and is escaped."""

    __slots__ = ()


EMPTY = Markup("")

_VOID = frozenset({"br", "img", "input", "link", "meta", "path", "rect"})


def tag(name: str, *children: str | None, **attributes: str | float | bool | None) -> Markup:
    """One element. `class_` is class, `data_f` is data-f; None and False leave an attribute out, True has no value."""
    spelled = "".join(_attribute(key, content) for key, content in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{spelled}/>")  # drawings need the slash, the rest allows it
    return Markup(f"<{name}{spelled}>{join(*children)}</{name}>")


def join(*children: str | None) -> Markup:
    """Children one after the other, text escaped."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children if child))


def _attribute(key: str, content: str | float | bool | None) -> str:  # noqa: FBT001 a value, not a switch
    if content is None or content is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if content is True else f' {name}="{escape(str(content))}"'
