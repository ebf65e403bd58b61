"""The vlm reader: a window is asked of a model in this process, which can write nothing that is no record."""

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

from docproc.decoding.drafts import RecordDrafter, window_drafter
from docproc.decoding.generation import Generation
from docproc.decoding.ports import Constraint
from docproc.decoding.profile import ConstraintRefusedError, decoding_form, repair_form
from docproc.decoding.watch import Stop
from docproc.domain.errors import DocumentError, ReaderUnavailableError, UnsupportedError, UsageError
from docproc.domain.image import PageImageSpec
from docproc.domain.issues import Issue
from docproc.domain.reading import Attempt, Reading, Route, Spent, Usage, Window
from docproc.domain.schema import ExtractionSchema, Record
from docproc.readers.checking import no_record
from docproc.readers.layout.reader import LayoutReader
from docproc.readers.routing import routes_of
from docproc.readers.shown_record import shown_record
from docproc.readers.vlm.answers import Answered, free_answer, held_answer
from docproc.readers.vlm.asking import Asker
from docproc.readers.vlm.config import Held, VlmConfig
from docproc.readers.vlm.constraints import Constraints
from docproc.readers.vlm.engine.checkpoint import fingerprint, open_checkpoint
from docproc.readers.vlm.engine.engine import Engine
from docproc.readers.vlm.engine.loading import EngineOptions, load_engine, require_fitting
from docproc.readers.vlm.engine.network import Prompt
from docproc.readers.vlm.engine.requests import Request

_VERSION = "1"


class VlmReader:
    """Reads with a model in this process; many threads may read at a time and share its passes."""

    def __init__(self, config: VlmConfig, *, engine: Engine | None = None) -> None:
        """Look at the checkpoint; its weights are loaded for the first window.

        Args:
            config: the model and how it is used.
            engine: one that runs in this process already, over the same checkpoint and adapters.

        Raises UsageError when checkpoint or adapters cannot be used, ReaderUnavailableError when they do not fit.
        """
        self.name = config.name
        self._config = config
        self._checkpoint = open_checkpoint(config.model)
        self.asker = Asker(self._checkpoint, image_px=config.image_px, thinks=config.thinking_tokens > 0)
        self._options = EngineOptions(
            adapter=config.adapter,
            adapters=config.adapters,
            device=config.device,
            bits=config.bits,
            rows=config.rows,
        )
        if engine is None:
            require_fitting(self._checkpoint, self._options)
        self._engine = engine
        self._constraints = None if engine is None else self._constraints_of(engine)
        self._loading = threading.Lock()
        self._drafts = LayoutReader()
        self._version = _version(config, f"{self.asker.version}+{self._checkpoint.label}")

    @property
    def version(self) -> str:
        """Of all that an answer depends on, the weights and adapters too."""
        return self._version

    @property
    def window_pages(self) -> int:
        return 1 if self._checkpoint.is_nvlm else self._config.window_pages

    @property
    def image(self) -> PageImageSpec | None:
        return None if self._config.route is Route.TEXT else self.asker.image

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        """Raises DocumentError of the kind that fits, and what the window's checkpoint raises."""
        if not window.pages:
            raise UnsupportedError("A document without pages is no work for a model: use the reader auto.")
        route = self._config.route
        work = _Work(self, window, schema)
        with _refusals(), work.accounted():
            form = decoding_form(schema)
            prompt = self.asker.read(window, schema, route=route)
            answered = work.asked(prompt, form, draft=self._draft(window, schema))
        return work.reading(answered, routes_of(window, route))

    def mend(self, window: Window, schema: ExtractionSchema, *, reading: Reading, findings: Sequence[Issue]) -> Reading:
        """As `Mender` says. What was read as text is looked at now where the route leaves that open.

        Raises as `read` does.
        """
        route = Route.VISION if self._config.route is Route.AUTO else self._config.route
        work = _Work(self, window, schema)
        with _refusals(), work.accounted():
            paths = dict.fromkeys(path for issue in findings for path in issue.fields)
            form = repair_form(schema, reading.record, paths)
            told = [issue.message for issue in findings]
            shown = shown_record(reading.record, paths)
            prompt = self.asker.mend(window, schema, route=route, shown=shown, told=told)
            answered = work.held(prompt, form, draft=reading.record)
        return work.reading(answered, routes_of(window, route))

    def close(self) -> None:
        """End the engine that this reader has loaded or was given."""
        with self._loading:
            if self._engine is not None:
                self._engine.close()

    def generate(
        self,
        window: Window,
        schema: ExtractionSchema,
        *,
        prompt: Prompt,
        constraint: Constraint,
        drafter: RecordDrafter,
    ) -> Generation:
        """One answer of the model."""
        engine, _ = self.running()
        request = Request(
            prompt=prompt,
            constraint=constraint,
            drafter=drafter,
            printed=drafter.page.count,
            budget=self._config.answer_tokens,
            adapter=self._config.adapter_for(schema),
        )
        return engine.generate(request, window.checkpoint)

    def running(self) -> tuple[Engine, Constraints]:
        """The engine, loaded when it is first asked for. Raises ReaderUnavailableError."""
        with self._loading:
            if self._engine is None:
                try:
                    self._engine = load_engine(self._checkpoint, self._options)
                except UsageError as exc:
                    raise ReaderUnavailableError(f"The model cannot be loaded: {exc.message}") from exc
            if self._constraints is None:
                self._constraints = self._constraints_of(self._engine)
            return self._engine, self._constraints

    @property
    def is_held(self) -> bool:
        """The first answer is under a grammar already."""
        return self._config.held is Held.GRAMMAR

    def _constraints_of(self, engine: Engine) -> Constraints:
        return Constraints(engine.vocabulary, thinking_tokens=self._config.thinking_tokens)

    def _draft(self, window: Window, schema: ExtractionSchema) -> Record | None:
        """What the reader without a model makes of the words: a guess, which the model verifies."""
        try:
            return self._drafts.read(window, schema).record
        except DocumentError:
            return None


class _Work:
    """The answers to one window and what they cost."""

    def __init__(self, reader: VlmReader, window: Window, schema: ExtractionSchema) -> None:
        self._reader = reader
        self._window = window
        self._schema = schema
        self._began = monotonic()
        self._usage = Usage()
        self._attempts = 0
        self._earlier: list[Attempt] = []

    @contextmanager
    def accounted(self) -> Iterator[None]:
        """An error says what was spent before it; what else ends the work does not, and leaves it to be told."""
        try:
            yield
        except DocumentError as error:
            error.spent = self._spent
            raise
        except BaseException:
            if self._spent is not None:
                self._window.left(self._spent)
            raise

    def asked(self, prompt: Prompt, form: Mapping[str, Any], *, draft: Record | None) -> Answered:
        """The record; without a constraint first where that is wanted, and under it where that came to nothing."""
        if not self._reader.is_held:
            engine, constraints = self._reader.running()
            generation = self._generate(prompt, constraints.free(), draft)
            free = free_answer(generation, self._schema, form, vocabulary=engine.vocabulary)
            if isinstance(free, Answered):
                return free
            self._came_to_nothing(generation, str(free))
        return self.held(prompt, form, draft=draft)

    def held(self, prompt: Prompt, form: Mapping[str, Any], *, draft: Record | None) -> Answered:
        """The record under a grammar."""
        _, constraints = self._reader.running()
        generation = self._generate(prompt, constraints.held(form), draft)
        try:
            return held_answer(generation, self._schema, form, is_one_page=len(self._window.pages) == 1)
        except DocumentError:
            self._came_to_nothing(generation, "it was cut off")
            raise

    def reading(self, answered: Answered, routes: Mapping[int, Route]) -> Reading:
        """All that is said of the window."""
        return Reading(
            reader=self._reader.name,
            reader_version=self._reader.version,
            record=answered.record,
            hints=answered.hints,
            issues=answered.issues,
            usage=self._cost,
            attempts=self._attempts,
            earlier=tuple(self._earlier),
            rejected=answered.rejected,
            routes=routes,
        )

    @property
    def _spent(self) -> Spent | None:
        """None before the first answer."""
        if not self._attempts:
            return None
        kept = tuple(self._earlier)
        return Spent(reader=self._reader.name, usage=self._cost, attempts=self._attempts, earlier=kept)

    @property
    def _cost(self) -> Usage:
        return self._usage + Usage(seconds=monotonic() - self._began)

    def _came_to_nothing(self, generation: Generation, why: str) -> None:
        text, is_cut_off = generation.text.decode(errors="replace"), generation.stop is not Stop.COMPLETE
        self._earlier.append(no_record(text, why, is_cut_off=is_cut_off))

    def _generate(self, prompt: Prompt, constraint: Constraint, draft: Record | None) -> Generation:
        drafter = window_drafter(self._window, self._schema, draft=draft)
        generation = self._reader.generate(
            self._window, self._schema, prompt=prompt, constraint=constraint, drafter=drafter
        )
        self._attempts += 1
        self._usage += Usage(
            prompt_tokens=prompt.token_count,
            output_tokens=len(generation.tokens) + generation.effort.prelude,
            tiles=prompt.tiles,
            passes=generation.effort.passes,
        )
        return generation


@contextmanager
def _refusals() -> Iterator[None]:
    """A schema that no model can be held to is no fault of the document."""
    try:
        yield
    except ConstraintRefusedError as exc:
        raise ReaderUnavailableError(f"The schema cannot be asked of a model: {exc.message}") from exc


def _version(config: VlmConfig, model: str) -> str:
    """Changes with all that changes an answer: the model, its adapters, how it is asked and held."""
    parts = [_VERSION, str(config.route), str(config.held), model]
    folders = {**dict(config.adapters), **({"": config.adapter} if config.adapter is not None else {})}
    if folders:
        told = ",".join(f"{name}={fingerprint(folder)}" for name, folder in sorted(folders.items()))
        parts.append(hashlib.sha256(told.encode()).hexdigest()[:12])
    numbers = (config.bits, config.thinking_tokens, config.answer_tokens)
    return "+".join([*parts, "-".join(map(str, numbers))])
