"""A vocabulary of Qwen2's kind and size as a `tokenizer.json`, without weights and without a download.

Qwen2's own merge ranks come with the package `dashscope`, where that is installed (it is not imported). Else a
byte-level BPE of the same size, cut as Qwen2 cuts text, is trained once, on the sources of Python and its packages.
"""

import base64
import hashlib
import importlib.util
import json
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_cache_path
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

SIZE = 151_643
END = "<|endoftext|>"
#: how Qwen2 cuts text before merging: digits one by one
PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
#: enough text for that many merges
_MOST_BYTES = 120_000_000


def qwen_sized() -> str:
    """The `tokenizer.json`, from a cache after the first time."""
    ranks = _qwen_ranks()
    source = "qwen2" if ranks else f"python{sys.version_info.major}.{sys.version_info.minor}"
    stamp = hashlib.sha256(f"{PIECES}{SIZE}{ranks}".encode()).hexdigest()[:12]
    cached = user_cache_path("docproc") / "bench" / f"{source}-{stamp}.json"
    if not cached.is_file():
        cached.parent.mkdir(parents=True, exist_ok=True)
        tokenizer = _from_ranks(ranks) if ranks else _trained()
        tokenizer.add_special_tokens([AddedToken(END, special=True)])
        partly = cached.with_suffix(".part")
        partly.write_text(tokenizer.to_str(), encoding="utf-8")
        partly.replace(cached)
    print(f"tokenizer: {source}", file=sys.stderr)
    return cached.read_text(encoding="utf-8")


def _qwen_ranks() -> Path | None:
    found = importlib.util.find_spec("dashscope")
    if found is None or found.origin is None:
        return None
    ranks = Path(found.origin).parent / "resources" / "qwen.tiktoken"
    return ranks if ranks.is_file() else None


def _cut_like_qwen(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _from_ranks(path: Path) -> Tokenizer:
    """A rank file has tokens only; each one's merge is of the two that lower ranks make of it."""
    lines = (line.split() for line in path.read_bytes().splitlines() if line)
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    letters = _letters()
    spelt = {token: "".join(letters[octet] for octet in token) for token in ranks}
    merges = []
    for token, rank in sorted(ranks.items(), key=lambda entry: entry[1]):
        parts = _merged(token, ranks, below=rank)
        if len(parts) == 2:  # noqa: PLR2004 a merge is of two
            merges.append((spelt[parts[0]], spelt[parts[1]]))
    vocabulary = {spelt[token]: rank for token, rank in ranks.items()}
    return _cut_like_qwen(Tokenizer(models.BPE(vocab=vocabulary, merges=merges)))


def _merged(token: bytes, ranks: dict[bytes, int], *, below: int) -> list[bytes]:
    parts = [token[index : index + 1] for index in range(len(token))]
    while len(parts) > 1:
        joined = [ranks.get(parts[index] + parts[index + 1], below) for index in range(len(parts) - 1)]
        best = min(joined)
        if best >= below:
            break
        index = joined.index(best)
        parts[index : index + 2] = [parts[index] + parts[index + 1]]
    return parts


def _letters() -> dict[int, str]:
    """The printable letter that stands for each byte in a byte-level vocabulary."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [octet for octet in range(0x100) if octet not in plain]
    return {octet: chr(octet) for octet in plain} | {octet: chr(0x100 + place) for place, octet in enumerate(others)}


def _trained() -> Tokenizer:
    print("training a tokenizer, once: a minute or two", file=sys.stderr)
    tokenizer = _cut_like_qwen(Tokenizer(models.BPE()))
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE,
        min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_sources(), trainer)
    return tokenizer


def _sources() -> Iterator[str]:
    taken = 0
    for folder in (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")):
        for path in sorted(Path(folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8", errors="replace")
            # answers are JSON: how code and prose are quoted in it is learnt with them
            yield text
            yield json.dumps(text.splitlines()[:40], ensure_ascii=False, separators=(",", ":"))
            taken += len(text)
            if taken > _MOST_BYTES:
                return
