"""Server-sent events out of bytes as they arrive (WHATWG HTML, section 9.2.6). Knows no job."""

from dataclasses import dataclass, field

from docproc.client.lines import Lines


@dataclass(slots=True)
class Message:
    """One message; empty when the server only said that it is still there."""

    event: str = ""
    data: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.data)


class Messages:
    """Keeps the beginning of a message until its end has arrived."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._begun = Message()

    def feed(self, chunk: bytes) -> list[Message]:
        """The messages that are whole by now; comments count as empty ones, so that a reader sees time pass."""
        whole: list[Message] = []
        for line in self._lines.feed(chunk):
            text = line.rstrip(b"\r").decode("utf-8", "replace")
            if text.startswith(":"):
                whole.append(Message())
            elif text:
                self._take(text)
            elif self._begun.data:
                whole.append(self._begun)
                self._begun = Message()
        return whole

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._begun.event = value
        elif name == "data":
            self._begun.data.append(value)
