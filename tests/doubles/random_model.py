"""A model without any sense: it writes whatever its constraint allows, with a liking for ends, to come to one."""

import json

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from docproc.decoding.bitmask import expanded, no_tokens
from docproc.decoding.guidance import Grammar
from docproc.decoding.vocabulary import Vocabulary
from docproc.domain.schema import Record

_ENDS = (b'"', b"]", b"}", b",")


def byte_vocabulary() -> Vocabulary:
    """A token a byte: nothing that a grammar allows is beyond it."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|end|>"])
    return Vocabulary(tokenizer.to_str(), eos=len(letters), size=len(letters) + 1)


def random_record(grammar: Grammar, *, seed: int, most: int = 20_000) -> Record | None:
    """None when `most` tokens did not suffice to end it."""
    words, draw, constraint = grammar.vocabulary, np.random.default_rng(seed), grammar.start()
    ends = {token for token, text in enumerate(words.token_bytes) if text[:1] in _ENDS}
    row, tokens = no_tokens(1, words.size)[0], list[int]()
    while not constraint.is_complete:
        if len(tokens) >= most:
            return None
        constraint.mask(row)
        allowed = np.flatnonzero(expanded(row, words.size)).tolist()
        ending = [token for token in allowed if token in ends]
        tokens.append(int(draw.choice(ending if ending and draw.random() < 0.5 else allowed)))
        constraint.advance(tokens[-1])
    record: Record = json.loads(words.decode(tokens))
    return record
