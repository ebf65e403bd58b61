"""How many JSON Schemas can hold a model, and is what random tokens write under them valid? A JSON line at the end.

    python bench/constrained.py FOLDER... --walks 10

A schema is refused when it is compiled (no field of it can be read), or when it is registered for a model (a keyword
that no grammar follows); the reason is told. Under every other one random tokens are drawn, where values may be absent
anywhere and where they may be absent only as the schema allows, and each record is checked by the author's own schema.
With `--model-tokens N` a tiny NVLM-D of random weights reads a page of noise under each such schema too, on the
processor, with N tokens at most (minutes): how many of its records are whole and how many cut off, and whether they are
valid under docproc's form of the schema. Needs `docproc[vlm]`.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from jsonschema import Draft202012Validator

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from doubles.bill_pages import bill_window
from doubles.random_model import byte_vocabulary, random_record

from docproc.decoding.guidance import Grammar, require_constrainable
from docproc.decoding.profile import Absence, ConstraintRefusedError, decoding_form
from docproc.domain.errors import DocumentError, SchemaError
from docproc.domain.issues import Severity
from docproc.domain.schema import ExtractionSchema
from docproc.nvlm import NvlmDConfig
from docproc.nvlm.tiny import write_tiny
from docproc.readers.vlm.config import VlmConfig
from docproc.readers.vlm.reader import VlmReader
from schemas.json_schema import compile_json_schema
from schemas.source import parse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--walks", type=int, default=5, help="records a schema and kind of absence")
    parser.add_argument("--model-tokens", type=int, default=0, help="let a tiny model read too; 0: none does")
    arguments = parser.parse_args()
    words, counts = byte_vocabulary(), Counter[str]()
    schemas = list[ExtractionSchema]()
    for path in sorted(path for folder in arguments.folders for path in folder.glob("*.json")):
        counts["schemas"] += 1
        schemas += _held(path, counts)
    for schema in schemas:
        for absence in Absence:
            grammar = Grammar(decoding_form(schema, absence=absence), words)
            counts.update(_walked(schema, grammar, absence, walks=arguments.walks))
    if arguments.model_tokens:
        counts.update(_read(schemas, tokens=arguments.model_tokens))
    print(json.dumps(counts))


def _held(path: Path, counts: Counter[str]) -> Iterator[ExtractionSchema]:
    try:
        schema = compile_json_schema(parse(path.read_text(encoding="utf-8")), stem=path.stem)
        require_constrainable(schema)
        require_constrainable(schema, absence=Absence.WHERE_ALLOWED)
    except ConstraintRefusedError as refusal:
        print(f"{path.name}: {refusal.message}", file=sys.stderr)
        counts["refused_for_models"] += 1
    except SchemaError as refusal:
        print(f"{path.name}: {refusal.message}", file=sys.stderr)
        counts["refused"] += 1
    else:
        counts["constrainable"] += 1
        yield schema


def _walked(schema: ExtractionSchema, grammar: Grammar, absence: Absence, *, walks: int) -> Iterator[str]:
    for seed in range(walks):
        record = random_record(grammar, seed=seed)
        if record is None:
            yield "unfinished"
            continue
        issues = schema.check_shape(record)
        serious = [issue for issue in issues if issue.severity is Severity.ERROR or absence is Absence.WHERE_ALLOWED]
        yield "records"
        yield "invalid" if serious else "valid"
        for issue in serious:
            print(f"{schema.name} {absence} {seed}: {issue.code} {issue.fields}", file=sys.stderr)


def _read(schemas: Sequence[ExtractionSchema], *, tokens: int) -> Counter[str]:
    """A tiny model of random weights, eight schemas at a time."""
    with TemporaryDirectory() as folder:
        write_tiny(Path(folder), kind=NvlmDConfig)
        reader = VlmReader(VlmConfig(model=Path(folder), device="cpu", answer_tokens=tokens))
        reader.running()  # one thread loads it, not eight
        with ThreadPoolExecutor(8) as threads:
            found = Counter(threads.map(lambda schema: _told(schema, reader), schemas))
        reader.close()
    return found


def _told(schema: ExtractionSchema, reader: VlmReader) -> str:
    try:
        reading = reader.read(bill_window(1, reader.image), schema)
    except DocumentError as error:
        return f"model_{error.code}"
    if any(Draft202012Validator(decoding_form(schema)).iter_errors(reading.record)):
        print(f"{schema.name}: the model's record is not valid", file=sys.stderr)
        return "model_invalid"
    return "model_cut_off" if reading.issues else "model_whole"


if __name__ == "__main__":
    main()
