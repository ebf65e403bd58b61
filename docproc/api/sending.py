"""How the body of a submission is described: what FastAPI cannot tell, for the route reads it as it arrives."""

from typing import Any

from docproc.api.asks import SubmissionAsk

_TEXT: dict[str, Any] = {"type": "string"}


def described_body() -> dict[str, Any]:
    """The request body of POST /v1/jobs for its OpenAPI description."""
    schema = SubmissionAsk.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    fields = {name: _as_text(spec) for name, spec in schema["properties"].items()}
    files = {"type": "array", "items": {"type": "string", "format": "binary"}, "description": "One or many."}
    form = {
        "type": "object",
        "required": ["schema", "files"],
        "properties": {"files": files, **fields},
    }
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": form},
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/SubmissionAsk"},
                    "examples": {
                        "uploads": {
                            "summary": "A document that was uploaded to the store before",
                            "value": {
                                "schema": "invoice",
                                "documents": [
                                    {"upload_id": "982d1686a2dee2e9a18f36773df721ad5c218fca19b7a21927173b878433fe06"}
                                ],
                            },
                        }
                    },
                },
            },
        }
    }


def _as_text(spec: dict[str, Any]) -> dict[str, Any]:
    """A field of a form is text; what is a list or an object in JSON is written as JSON there."""
    kept: dict[str, Any] = {name: spec[name] for name in ("description", "examples") if name in spec}
    plain = spec.get("type") in {"integer", "boolean", "string"}
    return {**spec, **kept} if plain else {**_TEXT, **kept}
