"""How one leaf is shown: its label, its value, its print, how sure it is and what proves it."""

from collections.abc import Sequence

from docproc.domain.extraction import FieldValue
from docproc.domain.schema import FieldSpec
from docproc.exports.cells import CHECK_BELOW, DOUBTFUL_BELOW
from docproc.exports.report.markup import EMPTY, Markup, tag

_MOST_CHARACTERS = 2_000
_BAR_WIDTH = 40
_ABBREVIATIONS = frozenset({"bic", "iban", "id", "sku", "swift", "url", "vat"})


def label_of(spec: FieldSpec) -> str:
    """What a person reads: the title, else the name in words."""
    if spec.title:
        return spec.title
    words = spec.name.replace("_", " ").replace("-", " ").split()
    spelled = [word.upper() if word.lower() in _ABBREVIATIONS else word for word in words]
    text = " ".join(spelled)
    return text[:1].upper() + text[1:]


def classes(*names: str | None) -> str | None:
    """A class attribute of the names that apply."""
    return " ".join(name for name in names if name) or None


def not_found(labels: Sequence[str]) -> Markup:
    """One line for all that has no value."""
    if not labels:
        return EMPTY
    return tag("p", tag("span", "not found", class_="label"), tag("span", " · ".join(labels)), class_="absent")


def shown_value(leaf: FieldValue) -> Markup:
    if leaf.value is None:
        return tag("span", "not found", class_="none")
    text = str(leaf.value).lower() if isinstance(leaf.value, bool) else str(leaf.value)
    if len(text) > _MOST_CHARACTERS:
        text = f"{text[:_MOST_CHARACTERS]} … ({len(text) - _MOST_CHARACTERS:,} more characters are in the export)"
    return tag("bdi", text)  # text that changes the direction of reading stays within its own value


def as_printed(leaf: FieldValue) -> Markup:
    """The print, where it is not the value itself; a value of several lines has a piece of evidence for each."""
    printed = " ".join(dict.fromkeys(evidence.text for evidence in leaf.evidence))
    if leaf.value is None or printed.split() == str(leaf.value).split() or len(printed) > _MOST_CHARACTERS:
        return EMPTY
    return tag("span", tag("bdi", printed), class_="printed", title="As printed on the page") if printed else EMPTY


def proof(leaf: FieldValue) -> list[Markup]:
    """How sure the value is, and how its print agrees with it."""
    if leaf.value is None:
        return []
    bar = confidence_bar(leaf.confidence)
    if not leaf.evidence:
        return [bar, tag("span", "ungrounded", class_="match ungrounded", title="No place on the pages proves it")]
    first = leaf.evidence[0]
    page = tag("span", f"p. {first.page}", class_="at")
    return [bar, tag("span", first.match.value, class_=f"match {first.match.value}"), page]


def confidence_bar(confidence: float | None) -> Markup:
    """A bar as long as the confidence; its width is an attribute, as the page allows no inline style."""
    if confidence is None:
        return tag("span", "no confidence", class_="conf none")
    level = "high" if confidence >= CHECK_BELOW else "middle" if confidence >= DOUBTFUL_BELOW else "low"
    bar = tag(
        "svg",
        tag("rect", class_="track", width=_BAR_WIDTH, height=5, rx=2.5),
        tag("rect", class_="fill", width=round(_BAR_WIDTH * confidence, 1), height=5, rx=2.5),
        viewBox=f"0 0 {_BAR_WIDTH} 5",
        aria_hidden="true",
    )
    return tag("span", bar, percent(confidence), class_=f"conf {level}", title="Confidence")


def percent(confidence: float) -> str:
    """Rounded down: 100 % is kept for what is certain."""
    return f"{int(confidence * 100 + 1e-9)} %"


def told(leaves: Sequence[FieldValue]) -> str | None:
    """A cell's confidence and match in words: a table has no room for bars."""
    known = [leaf for leaf in leaves if leaf.value is not None]
    words = [
        f"{'' if leaf.confidence is None else percent(leaf.confidence) + ', '}"
        f"{leaf.evidence[0].match.value + ' match' if leaf.evidence else 'ungrounded'}"
        for leaf in known
    ]
    return "; ".join(words) or None
