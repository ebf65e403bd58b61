"""Value to evidence on the page, and one calibrated probability per value; knows no reader."""

from docproc.grounding.ground import ground_record

__all__ = ["ground_record"]
