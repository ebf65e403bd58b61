"""Rows that pass through the model together, all with the same adapter; knows no thread."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
import torch

from docproc.decoding.generation import Generation
from docproc.decoding.guidance import ConstraintBrokenError
from docproc.decoding.ports import Choice, NoNumberError, Plan
from docproc.decoding.speculate import WIDTH, Speculation
from docproc.decoding.vocabulary import Vocabulary
from docproc.domain.errors import InvalidAnswerError, TooLargeError
from docproc.readers.vlm.engine.cache import RowCache
from docproc.readers.vlm.engine.choosing import choose
from docproc.readers.vlm.engine.network import Network, ReadPrompt
from docproc.readers.vlm.engine.requests import CanceledError, Ticket

#: tokens of all rows that a pass reads at about the price of one each, where decoding is bound by memory
_TOKENS_PER_PASS = 512
#: drafts shorter than this are not worth their planning
_LEAST_WIDTH = 8


@dataclass(slots=True)
class Row:
    """An answer on its way."""

    ticket: Ticket
    prompt: ReadPrompt
    answer: Speculation
    #: its prompt's last token has been fed
    begun: bool = False

    def fed(self, plan: Plan) -> tuple[int, ...]:
        """The tokens of its next pass: in the first one the prompt's last token leads them."""
        return plan.tokens if self.begun else (self.prompt.last, *plan.tokens)

    def start(self, plan: Plan) -> int:
        """Where they are written."""
        return self.prompt.length + (1 + plan.kept if self.begun else 0)

    def plan(self) -> Plan | None:
        """Its next pass; None when it has failed."""
        try:
            return self.answer.plan()
        except Exception as error:  # noqa: BLE001 whatever a drafter or a constraint raises concerns its row alone
            self.ticket.fail(_failure(error))
            return None

    def take(self, choices: Sequence[Choice]) -> None:
        """Go on with what the model chose."""
        self.begun = True
        try:
            self.answer.take(choices)
        except Exception as error:  # noqa: BLE001 as above
            self.ticket.fail(_failure(error))

    def generation(self) -> Generation:
        """What it came to; the pass over the prompt counts."""
        whole = self.answer.generation()
        return replace(whole, effort=replace(whole.effort, passes=whole.effort.passes + 1))


class Lane:
    """A batch of rows."""

    def __init__(self, network: Network, vocabulary: Vocabulary, *, pool: Executor) -> None:
        self._network = network
        self._vocabulary = vocabulary
        self._pool = pool
        self._cache = RowCache()
        self.rows: list[Row] = []

    def join(self, ticket: Ticket) -> None:
        """Read the ticket's prompt; its row takes part from the next pass on.

        Where that fails the lane is as before, and so is the request unless its own constraint or drafter failed.
        """
        request = ticket.request
        prompt, cache = self._network.read(request.prompt)
        # rows that share a pass are fed as many places as the one with the longest draft
        room = self._network.context - prompt.length - 1 - WIDTH
        try:
            self._cache.add(cache)
            # last, for it moves the constraint on: a request that has to wait must find it at its beginning
            answer = Speculation(
                request.constraint,
                self._vocabulary,
                request.drafter,
                WIDTH,
                request.budget,
                room,
                printed=request.printed,
            )
        except BaseException:
            self._cache.cut_to(len(self.rows))
            raise
        self.rows.append(Row(ticket, prompt, answer))
        self._give()

    def drop_canceled(self) -> None:
        """Rows that nobody waits for leave."""
        for row in self.rows:
            if row.ticket.is_canceled and not row.ticket.done:
                row.ticket.fail(CanceledError())
        self._leave(lambda row: row.ticket.done)

    def step(self) -> bool:
        """One pass: what is sure is appended, what is drafted is verified. Rows that have ended leave.

        False when the device had no memory for so many rows: the last to come has left.
        """
        plans = self._plans()
        if not plans:
            return True
        logits = self._logits(plans)
        if logits is None:
            return False
        masks, nulls = np.concatenate([plan.masks for plan in plans]), [null for plan in plans for null in plan.nulls]
        choices = choose(logits, masks, nulls)
        begin = 0
        for row, plan in zip(self.rows, plans, strict=True):
            row.take(choices[begin : begin + len(plan.masks)])
            begin += len(plan.masks)
        self._give()
        return True

    def fail(self, error: Callable[[], BaseException]) -> None:
        """No row will have an answer; `error` makes one for each."""
        for row in self.rows:
            row.ticket.fail(error())
        self._leave(lambda row: True)  # noqa: ARG005 whichever it is

    def _plans(self) -> list[Plan]:
        """Of every row that can go on, masks computed side by side."""
        width = max(_LEAST_WIDTH, min(WIDTH, _TOKENS_PER_PASS // max(1, len(self.rows))))
        for row in self.rows:
            row.answer.width = width
        plans = list(self._pool.map(Row.plan, self.rows))
        self._leave(lambda row: row.ticket.done)
        return [plan for plan in plans if plan is not None]

    def _logits(self, plans: Sequence[Plan]) -> torch.Tensor | None:
        """Of all places where a choice is wanted. None when the device had no memory: the last row to come has left."""
        fed = [row.fed(plan) for row, plan in zip(self.rows, plans, strict=True)]
        starts = [row.start(plan) for row, plan in zip(self.rows, plans, strict=True)]
        wanted = [len(plan.masks) for plan in plans]
        try:
            return self._network.step(self._cache, [row.prompt for row in self.rows], fed, starts, wanted=wanted)
        except torch.OutOfMemoryError:
            # what was half written is written again: places depend on the plan alone
            newest = self.rows[-1]
            newest.ticket.fail(TooLargeError("The device has no memory for the answer: fewer rows or smaller windows."))
            self._leave(lambda row: row is newest)
            return None

    def _give(self) -> None:
        for row in self.rows:
            if row.answer.stop is not None and not row.ticket.done:
                row.ticket.give(row.generation())
        self._leave(lambda row: row.ticket.done)

    def _leave(self, who: Callable[[Row], bool]) -> None:
        stay = [number for number, row in enumerate(self.rows) if not who(row)]
        if len(stay) < len(self.rows):
            self._cache.keep(stay)
            self.rows = [self.rows[number] for number in stay]


def _failure(error: Exception) -> Exception:
    if isinstance(error, NoNumberError):
        return InvalidAnswerError(
            "The model computed no numbers (NaN): its weights, or the bits that hold them, are bad."
        )
    if isinstance(error, ConstraintBrokenError):
        return InvalidAnswerError(f"The schema became too complex while the model wrote: {error}.")
    return error
