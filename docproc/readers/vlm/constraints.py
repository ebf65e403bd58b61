"""What a model may write: forms compiled once a schema, and room to think before them. Knows no page."""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from docproc.decoding.free import FreeConstraint
from docproc.decoding.guidance import Grammar
from docproc.decoding.ports import Constraint
from docproc.decoding.prelude import PreludeConstraint
from docproc.decoding.vocabulary import Vocabulary

#: grammars kept; the form of a mending is asked once
_KEPT = 64
_THOUGHT_ENDS = b"</think>"


class Constraints:
    """Makes constraints for one vocabulary; from several threads."""

    def __init__(self, vocabulary: Vocabulary, *, thinking_tokens: int) -> None:
        self._vocabulary = vocabulary
        self._thinking_tokens = thinking_tokens
        self._grammars: OrderedDict[str, Grammar] = OrderedDict()
        self._turn = threading.Lock()

    def held(self, form: Mapping[str, Any]) -> Constraint:
        """Only records of `form`. Raises ConstraintRefusedError."""
        return self._with_thoughts(self._grammar(form).start())

    def free(self) -> Constraint:
        """Anything."""
        return self._with_thoughts(FreeConstraint(self._vocabulary))

    def _with_thoughts(self, constraint: Constraint) -> Constraint:
        if not self._thinking_tokens:
            return constraint
        return PreludeConstraint(constraint, self._vocabulary, end=_THOUGHT_ENDS, room=self._thinking_tokens)

    def _grammar(self, form: Mapping[str, Any]) -> Grammar:
        key = json.dumps(form)
        with self._turn:
            if key not in self._grammars:
                self._grammars[key] = Grammar(form, self._vocabulary)
                while len(self._grammars) > _KEPT:
                    self._grammars.popitem(last=False)
            self._grammars.move_to_end(key)
            return self._grammars[key]
