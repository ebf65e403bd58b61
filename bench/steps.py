"""Forward passes per record against one pass a token, with the true record as the model's answer: needs no weights.

    python bench/steps.py SET_FOLDER... [--tokenizer tokenizer.json] [--half dev|test] [--drafts none|forced|page|all]

A set is a folder with `docs/`, `schema.json` and `truth/NAME.json` ({"file", "fields"}). The answer is the true record
as compact JSON in the schema's order, null where the truth gives nothing. *plain* is a pass for each of its tokens.
*steps* are passes with tokens that the grammar forces and with drafts from the pages' words and the layout reader's
record; a pass verifies 64 tokens at most. The drafter never sees the truth: a stand-in model recites it, and takes from
a draft only what it would have said itself. A document whose truth the constraint refuses is counted as plain.

The tokenizer is by default Qwen2's, where the package `dashscope` lies in the environment, else one of its size that is
trained once on Python's own sources. The last line is one JSON object.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vocabularies import qwen_sized

from docproc.decoding.drafts import window_drafter
from docproc.decoding.guidance import Grammar
from docproc.decoding.ports import Choice, Drafter, Plan, TokenRefusedError
from docproc.decoding.profile import decoding_form
from docproc.decoding.speculate import NoDraft, speculate
from docproc.decoding.vocabulary import Vocabulary
from docproc.domain.errors import DocumentError
from docproc.domain.reading import Window
from docproc.domain.schema import ExtractionSchema, FieldSpec, JsonValue, Shape
from docproc.intake import Limits, accept
from docproc.pages.pool import ChildPool
from docproc.pages.source import DocprocPages
from docproc.pipeline.ports import SourceDocument
from docproc.readers.layout.reader import LayoutReader
from schemas.loading import load_schema

DRAFTS = ("none", "forced", "page", "all")


class Reciter:
    """A model that knows the answer, and says it whatever it is shown."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens = tokens

    def verify(self, plan: Plan) -> list[Choice]:
        first = plan.kept + len(plan.tokens) - len(plan.masks) + 1
        places = range(first, first + len(plan.masks))
        # a draft longer than the answer is refused at its end
        tokens = (self._tokens[place] if place < len(self._tokens) else self._tokens[-1] for place in places)
        return [Choice(token=token, logprob=0.0, log_z=0.0, margin=None) for token in tokens]


def answer_of(specs: Sequence[FieldSpec], fields: dict[str, Any]) -> dict[str, JsonValue]:
    """The record that the truth describes, whole and in the schema's order."""
    return {spec.name: _value(spec, fields.get(spec.name)) for spec in specs}


def _value(spec: FieldSpec, true: Any) -> JsonValue:  # noqa: ANN401 JSON
    if isinstance(true, dict) and "any" in true:
        true = true["any"][0]
    if spec.shape is Shape.GROUP:
        return answer_of(spec.children, true if isinstance(true, dict) else {})
    if spec.shape is Shape.LIST and spec.item is not None:
        return [_value(spec.item, row) for row in true or []]
    value: JsonValue = true
    return value


def windows(folder: Path, names: Sequence[str]) -> Iterator[tuple[str, Window]]:
    """Each document that can be read, as one window of all its pages."""
    with ChildPool(size=1) as pool:
        source = DocprocPages(pool)
        for name in names:
            path = folder / "docs" / name
            try:
                media_type = accept(path, Limits()).media_type
                document = source.open(SourceDocument(path=path, media_type=media_type))
                pages = tuple(document)
                document.close()
            except DocumentError as exc:
                print(f"{name}: {exc.message}", file=sys.stderr)
                pages = ()
            yield name, Window(pages=pages, page_count=len(pages))


def drafter_for(window: Window, schema: ExtractionSchema, drafts: str) -> Drafter:
    """The drafter that a reader would use; it is made before the answer is."""
    if drafts in {"none", "forced"}:
        return NoDraft()
    record = LayoutReader().read(window, schema).record if drafts == "all" else None
    return window_drafter(window, schema, draft=record)


def steps_of(answer: bytes, drafter: Drafter, *, grammar: Grammar, drafts: str) -> tuple[int, int, bool]:
    """Plain passes, passes with drafts, and whether the constraint lets the answer through."""
    vocabulary: Vocabulary = grammar.vocabulary
    tokens = vocabulary.encode(answer)
    if drafts == "none":
        return len(tokens), len(tokens), True
    constraint = grammar.start()
    for token in tokens:
        try:
            constraint.advance(token)
        except TokenRefusedError:
            return len(tokens), len(tokens), False
    generation = speculate(
        Reciter(tokens), grammar.start(), vocabulary=vocabulary, drafter=drafter, budget=len(tokens) + 1
    )
    if generation.tokens != tuple(tokens):
        raise AssertionError("The drafted answer is not the plain one.")
    return len(tokens), generation.effort.passes, True


def measure(folder: Path, *, vocabulary: Vocabulary, half: str, drafts: str) -> dict[str, Any]:
    """One set."""
    schema = load_schema(str(folder / "schema.json"))
    grammar = Grammar(decoding_form(schema), vocabulary)
    truths = sorted((folder / "truth").glob("*.json"))
    chosen = truths[{"test": 1}.get(half, 0) :: 1 if half == "all" else 2]
    fields = {told["file"]: told["fields"] for told in map(_loaded, chosen)}
    plain, steps, refused, ratios = 0, 0, 0, {}
    for name, window in windows(folder, list(fields)):
        drafter = drafter_for(window, schema, drafts)
        record = answer_of(schema.fields, fields[name])
        answer = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
        alone, together, fits = steps_of(answer, drafter, grammar=grammar, drafts=drafts)
        plain, steps, refused = plain + alone, steps + together, refused + (not fits)
        ratios[name] = alone / together
    worst = min(ratios, key=lambda name: ratios[name])
    return {
        "documents": len(ratios),
        "plain": plain,
        "steps": steps,
        "ratio": round(plain / steps, 2),
        "worst": round(ratios[worst], 2),
        "worst_document": worst,
        "refused": refused,
    }


def _loaded(path: Path) -> Any:  # noqa: ANN401 JSON
    return json.loads(path.read_text(encoding="utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET_FOLDER")
    parser.add_argument("--tokenizer", type=Path, help="a tokenizer.json")
    parser.add_argument("--eos", type=int, help="its end token; the last of its tokens by default")
    parser.add_argument("--half", choices=("all", "dev", "test"), default="all")
    parser.add_argument("--drafts", choices=DRAFTS, default="all")
    arguments = parser.parse_args()
    tokenizer = qwen_sized() if arguments.tokenizer is None else arguments.tokenizer.read_text(encoding="utf-8")
    last = len(json.loads(tokenizer)["model"]["vocab"])
    vocabulary = Vocabulary(tokenizer, eos=arguments.eos if arguments.eos is not None else last)
    measured = {}
    for folder in arguments.sets:
        found = measure(folder, vocabulary=vocabulary, half=arguments.half, drafts=arguments.drafts)
        measured[folder.name] = found
        print(f"{folder.name}: {found['ratio']}x ({found['plain']} tokens in {found['steps']} passes)", flush=True)
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
