"""qa@1: the answer to a question about the document; the question is asked when the document is submitted."""

from typing import Annotated

from schemas.base import SchemaBody
from schemas.fields import FreeText, described


class QuestionAnswer(SchemaBody):
    """The answer to one question about the document."""

    schema_name = "qa"
    schema_title = "Question and answer"

    answer: Annotated[
        FreeText | None,
        described("The shortest answer to the question that the document gives; null when it does not give one"),
    ]
