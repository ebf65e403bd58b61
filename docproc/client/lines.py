"""Bytes as they arrive into lines. Knows no content: a line ends with LF alone, never inside of JSON text."""


class Lines:
    """Keeps the beginning of a line until its end has arrived."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that are whole by now, without their ends."""
        first, *others = chunk.split(b"\n")
        self._begun.append(first)
        if not others:
            return []
        whole = [b"".join(self._begun), *others[:-1]]
        self._begun = [others[-1]]
        return whole

    @property
    def rest(self) -> bytes:
        """What arrived after the last end of a line."""
        return b"".join(self._begun)
