"""What may be asked when documents are handed over, from JSON or from the fields of a form. Knows no store."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_core import from_json

from docproc.domain.errors import UsageError
from docproc.services.canonical import canonical
from docproc.services.storable import storable, storable_tree

#: of one metadata, as JSON
_MOST_METADATA_BYTES = 16 << 10
_PARSED_FIELDS = ("metadata", "documents")
MAX_DOCUMENTS = 1000
#: an upload is known by the sha256 of its bytes
UPLOAD_ID = "^[0-9a-f]{64}$"


def _metadata(tree: dict[str, Any]) -> dict[str, Any]:
    storable_tree(tree)
    if len(canonical(tree)) > _MOST_METADATA_BYTES:
        raise ValueError(f"metadata has at most {_MOST_METADATA_BYTES:,} bytes of JSON")
    return tree


def _printable(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not (text.isascii() and text.isprintable()):
        raise ValueError("a secret has printable ASCII characters")
    return secret


# constraints stand inside of the union: on the union itself pydantic would put them to null as well
Password: TypeAlias = Annotated[SecretStr, Field(max_length=1000)]
_CallbackSecret: TypeAlias = Annotated[SecretStr, Field(min_length=16, max_length=255), AfterValidator(_printable)]
_CallbackUrl: TypeAlias = Annotated[str, Field(max_length=2000), AfterValidator(storable)]
#: any JSON, whose text can be stored
JsonText: TypeAlias = Annotated[Any, AfterValidator(storable_tree)]


def _written_out(moment: object) -> object:
    """A number would be taken for seconds since 1970."""
    if not isinstance(moment, str) or "T" not in moment.upper():
        raise ValueError("a moment is written as 2026-03-01T12:00:00Z")
    return moment


Moment: TypeAlias = Annotated[AwareDatetime, BeforeValidator(_written_out)]
ShortText: TypeAlias = Annotated[str, AfterValidator(storable), Field(min_length=1, max_length=255)]
Metadata: TypeAlias = Annotated[
    dict[str, Any], AfterValidator(_metadata), Field(examples=[{"source": "mailroom", "year": "2026"}])
]


class DocumentAsk(BaseModel):
    """One document: a file of the form, an upload that went straight to the store, or a URL."""

    model_config = ConfigDict(extra="forbid")

    file: Annotated[
        str | None, Field(description="Name of a file of the same form.", examples=["bill.pdf"], max_length=1000)
    ] = None
    upload_id: Annotated[str | None, Field(description="As POST /v1/uploads gave it.", pattern=UPLOAD_ID)] = None
    url: Annotated[str | None, Field(description="https://… of the public internet, fetched now.", max_length=2000)] = (
        None
    )
    name: Annotated[ShortText | None, Field(description="What the document is called; by default its file name.")] = (
        None
    )
    external_id: Annotated[ShortText | None, Field(description="What you call it.")] = None
    metadata: Metadata = {}

    @model_validator(mode="after")
    def one_source(self) -> "DocumentAsk":
        if sum(source is not None for source in (self.file, self.upload_id, self.url)) != 1:
            raise ValueError("a document is one of `file`, `upload_id` and `url`")
        return self


class SubmissionAsk(BaseModel):
    """What is wanted of some documents."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    extraction_schema: Annotated[
        str | dict[str, Any],
        Field(
            alias="schema",
            description="`name` or `name@version` of GET /v1/schemas, a JSON Schema, or `auto`: one of `candidates`.",
            examples=["invoice"],
        ),
    ]
    candidates: Annotated[
        list[ShortText], Field(description="With schema=auto: names of schemas to choose from.", max_length=20)
    ] = []
    reader: Annotated[ShortText, Field(examples=["auto"])] = "auto"
    priority: Annotated[int, Field(ge=-100, le=100, description="Higher comes first.")] = 0
    pages: Annotated[
        str | None, Field(description="Only these pages of each document.", examples=["1-3,7"], max_length=1000)
    ] = None
    password: Annotated[
        Password | None, Field(description="Of encrypted documents; kept sealed, or in memory alone.")
    ] = None
    date_order: Annotated[Literal["dmy", "mdy", "ymd"] | None, Field(description="Of dates such as 03/04/2025.")] = None
    reuse: Annotated[bool, Field(description="Take what an earlier job read of the same bytes in the same way.")] = True
    external_id: Annotated[ShortText | None, Field(description="What you call the job.")] = None
    metadata: Metadata = {}
    documents: Annotated[list[DocumentAsk], Field(max_length=MAX_DOCUMENTS)] = []
    callback: Annotated[
        _CallbackUrl | None,
        Field(description="A URL that is told when the job has ended.", examples=["https://erp.example.com/docproc"]),
    ] = None
    callback_secret: Annotated[
        _CallbackSecret | None, Field(description="Signs what is sent there, as that of a webhook.")
    ] = None

    @model_validator(mode="after")
    def signed_callback(self) -> "SubmissionAsk":
        if (self.callback is None) is not (self.callback_secret is None):
            raise ValueError("`callback` and `callback_secret` go together: nothing is sent unsigned")
        return self


def ask_of_json(body: bytes) -> SubmissionAsk:
    """Raises ValidationError, or UsageError for what is no JSON object."""
    return SubmissionAsk.model_validate(_parsed(body, "the body"))


def ask_of_fields(fields: Mapping[str, str]) -> SubmissionAsk:
    """From a form: `metadata`, `documents` and a JSON Schema are JSON, `candidates` are parted by commas.

    Raises ValidationError, or UsageError for a field that is no JSON.
    """
    asked: dict[str, Any] = {name: value for name, value in fields.items() if value != ""}
    for name in _PARSED_FIELDS:
        if name in asked:
            asked[name] = _parsed(asked[name], name)
    if asked.get("schema", "").lstrip().startswith("{"):
        asked["schema"] = _parsed(asked["schema"], "schema")
    if "candidates" in asked:
        asked["candidates"] = [name.strip() for name in asked["candidates"].split(",") if name.strip()]
    return SubmissionAsk.model_validate(asked)


def _parsed(text: str | bytes, name: str) -> Any:  # noqa: ANN401 plain JSON
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as exc:
        raise UsageError(f"{name}: it is no JSON") from exc
