"""A window as messages: text in its fence, or page images, by the route. Knows no server."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from docproc.domain.reading import Route, Window
from docproc.domain.schema import ExtractionSchema
from docproc.readers.prompts import document_text, harmless, mend_prompt, page_text, system_prompt, task_prompt
from docproc.readers.routing import routes_of


def messages_of(window: Window, schema: ExtractionSchema, route: Route) -> list[Mapping[str, Any]]:
    """System and user turn."""
    seen = {number for number, chosen in routes_of(window, route).items() if chosen is Route.VISION}
    texts = [(page.number, page_text(page)) for page in window.pages if page.number not in seen]
    task = task_prompt(schema, document=document_text(texts, in_images=bool(seen)), day_first=window.day_first)
    parts = [part for number in sorted(seen) for part in _image_parts(number, window.images[number])]
    content = [*parts, {"type": "text", "text": task}] if parts else task
    return [{"role": "system", "content": system_prompt()}, {"role": "user", "content": content}]


def asked_again(messages: Sequence[Mapping[str, Any]], answer: str, findings: Sequence[str]) -> list[Mapping[str, Any]]:
    """The same with the answer, which may quote the document, and what is wrong with it."""
    return [
        *messages,
        {"role": "assistant", "content": harmless(answer) or "{}"},
        {"role": "user", "content": mend_prompt(findings)},
    ]


def image_count(messages: Sequence[Mapping[str, Any]]) -> int:
    """Pictures that a server is shown."""
    contents = (message["content"] for message in messages)
    parts = (part for content in contents if isinstance(content, list) for part in content)
    return sum(part["type"] == "image_url" for part in parts)


def _image_parts(number: int, png: bytes) -> list[Mapping[str, Any]]:
    address = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return [{"type": "text", "text": f"Page {number}:"}, {"type": "image_url", "image_url": {"url": address}}]
