"""How many JSON Schemas can hold a model, and is what random tokens write under them valid? A JSON line at the end.

    python bench/constrained.py FOLDER... --walks 10

A schema is refused when it is compiled (no field of it can be read), or when it is registered for a model (a keyword
that no grammar follows); the reason is told. Under every other one random tokens are drawn, where values may be absent
anywhere and where they may be absent only as the schema allows, and each record is checked by the author's own schema.
Needs `docproc[vlm]`.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from doubles.random_model import byte_vocabulary, random_record

from docproc.decoding.guidance import Grammar, require_constrainable
from docproc.decoding.profile import Absence, ConstraintRefusedError, decoding_form
from docproc.decoding.vocabulary import Vocabulary
from docproc.domain.errors import SchemaError
from docproc.domain.issues import Severity
from docproc.domain.schema import ExtractionSchema
from schemas.json_schema import compile_json_schema
from schemas.source import parse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--walks", type=int, default=5, help="records a schema and kind of absence")
    arguments = parser.parse_args()
    words, counts = byte_vocabulary(), Counter[str]()
    for path in sorted(path for folder in arguments.folders for path in folder.glob("*.json")):
        counts["schemas"] += 1
        counts.update(_of(path, words, walks=arguments.walks))
    print(json.dumps(counts))


def _of(path: Path, words: Vocabulary, *, walks: int) -> Counter[str]:
    try:
        schema = compile_json_schema(parse(path.read_text(encoding="utf-8")), stem=path.stem)
        require_constrainable(schema)
        require_constrainable(schema, absence=Absence.WHERE_ALLOWED)
    except ConstraintRefusedError as refusal:
        print(f"{path.name}: {refusal.message}", file=sys.stderr)
        return Counter({"refused_for_models": 1})
    except SchemaError as refusal:
        print(f"{path.name}: {refusal.message}", file=sys.stderr)
        return Counter({"refused": 1})
    counts = Counter({"constrainable": 1})
    for absence in Absence:
        counts.update(_walked(schema, Grammar(decoding_form(schema, absence=absence), words), absence, walks=walks))
    return counts


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


if __name__ == "__main__":
    main()
