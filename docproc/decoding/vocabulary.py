"""A model's tokens as bytes, for masks and drafts. Knows no model; wraps llguidance's own tokenizer."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from llguidance import LLTokenizer

_NULL = b"null"


class Vocabulary:
    """Encodes, decodes, and knows every token's bytes. Making one takes about a second: once a process."""

    def __init__(self, tokenizer_json: str, *, eos: int, size: int | None = None) -> None:
        """Take a vocabulary from a tokenizer.

        Args:
            tokenizer_json: the tokenizer as the `tokenizers` library writes it (`tokenizer.json`, or `to_str()`).
            eos: the token that ends an answer.
            size: width of the model's logits when its head is wider than the vocabulary.
        """
        from llguidance import LLTokenizer  # noqa: PLC0415 an extra; the command line must start without it

        self._tokenizer = LLTokenizer(tokenizer_json, n_vocab=size, eos_token=eos)
        self.eos = eos
        self.size: int = self._tokenizer.vocab_size
        self._nulls: dict[bytes, NDArray[np.int64]] = {}

    @property
    def tokenizer(self) -> "LLTokenizer":
        """For the constraint's adapter."""
        return self._tokenizer

    def encode(self, text: bytes) -> list[int]:
        """The tokens in which a model trained with this tokenizer writes `text`; never control tokens."""
        tokens: list[int] = self._tokenizer.tokenize_bytes(text)
        return tokens

    def encode_marker(self, text: bytes) -> list[int]:
        """The tokens of a text of our own, control tokens as such."""
        tokens: list[int] = self._tokenizer.tokenize_bytes(text, parse_special=True)
        return tokens

    def decode(self, tokens: Sequence[int]) -> bytes:
        """The bytes of `tokens`."""
        text: bytes = self._tokenizer.decode_bytes(list(tokens))
        return text

    @cached_property
    def token_bytes(self) -> tuple[bytes, ...]:
        """The bytes of every token; empty for special tokens and padding."""
        of, special = self._tokenizer.decode_bytes, self._tokenizer.is_special_token
        return tuple(b"" if special(token) else of([token]) for token in range(self.size))

    def null_tokens(self, lead: bytes) -> NDArray[np.int64]:
        """The tokens that begin a null behind the bytes `lead`, which must come first.

        The lead alone is one of them where a token joins it to a quote: a text would have been begun with that one.
        """
        if lead not in self._nulls:
            texts = self.token_bytes
            joined = bool(lead) and any(text.startswith(lead + b'"') for text in texts)
            least = len(lead) + (0 if joined else 1)
            whole = lead + _NULL
            found = [
                token
                for token, text in enumerate(texts)
                if len(text) >= least and (text.startswith(whole) or whole.startswith(text))
            ]
            self._nulls[lead] = np.asarray(found, dtype=np.int64)
        return self._nulls[lead]
