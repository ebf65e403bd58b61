"""AcroForm fields as exact, named values; runs in a child process only and knows no words."""

from collections.abc import Sequence
from typing import Any

import pymupdf

from docproc.domain.geometry import Box
from docproc.domain.page import FormField, FormFieldKind

#: the library carries no types
_library: Any = pymupdf

_KINDS = {
    _library.PDF_WIDGET_TYPE_TEXT: FormFieldKind.TEXT,
    _library.PDF_WIDGET_TYPE_CHECKBOX: FormFieldKind.CHECKBOX,
    _library.PDF_WIDGET_TYPE_RADIOBUTTON: FormFieldKind.RADIO,
    _library.PDF_WIDGET_TYPE_COMBOBOX: FormFieldKind.CHOICE,
    _library.PDF_WIDGET_TYPE_LISTBOX: FormFieldKind.CHOICE,
    _library.PDF_WIDGET_TYPE_SIGNATURE: FormFieldKind.SIGNATURE,
}
_OFF = "Off"


def read_form_fields(page: Any) -> Sequence[FormField]:  # noqa: ANN401 pymupdf has no types
    """Every field of the page that has a value to give; a radio group is one field: the option that is chosen."""
    to_display = page.rotation_matrix  # pymupdf gives a widget's rectangle as if the page were not rotated
    found: list[FormField] = []
    for widget in page.widgets():
        kind = _KINDS.get(widget.field_type)
        if kind is None:  # a push button holds no value
            continue
        value = _value(widget, kind)
        if kind is FormFieldKind.RADIO and not value:
            continue
        box = (widget.rect * to_display).normalize()
        found.append(
            FormField(
                name=str(widget.field_name or ""),
                label=str(widget.field_label or ""),
                kind=kind,
                value=value,
                box=Box(box.x0, box.y0, box.x1, box.y1).rounded(),
            )
        )
    return found


def _value(widget: Any, kind: FormFieldKind) -> str:  # noqa: ANN401 pymupdf has no types
    value = widget.field_value
    if kind is FormFieldKind.CHECKBOX:
        return "true" if value not in (None, False, "", _OFF, "False") else "false"
    if kind is FormFieldKind.RADIO:
        return "" if value in (None, False, "", _OFF) or value != widget.on_state() else str(value)
    if kind is FormFieldKind.SIGNATURE:
        return "true" if widget.is_signed else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value or "")
