"""What docproc says of itself while it works: events, and how they become lines. Knows no step and no destination."""

from docproc.observability.events import EVENTS, EventKind, bound, event

__all__ = ["EVENTS", "EventKind", "bound", "event"]
