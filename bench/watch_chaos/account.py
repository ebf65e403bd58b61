"""Counts a run from what it left behind, with nothing of docproc but the names of its folders."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from watch_chaos.calm import Calm
from watch_chaos.drops import Version

#: what a clean run has nothing of
FAULTS = ("lost", "doubled", "strange", "originals_lost")


@dataclass
class Account:
    """What became of every version."""

    versions: int = 0
    owed: int = 0
    #: of these, versions that were overwritten or deleted later
    owed_ended: int = 0
    records: int = 0
    refused: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    #: answers for bytes that nobody dropped: half a file
    strange: list[str] = field(default_factory=list)
    #: versions with an answer whose file is no longer there
    originals_lost: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not any(getattr(self, name) for name in FAULTS)

    def proves_nothing(self, *, kills: int) -> str | None:
        """Why a clean run is no proof; None when it is one."""
        if not kills:
            return "no watcher was killed"
        return None if self.owed_ended else "no version that was overwritten or deleted was owed"

    def to_json(self) -> dict[str, int]:
        return {name: len(value) if isinstance(value, list) else value for name, value in vars(self).items()}


def account(
    versions: Sequence[Version],
    *,
    calm: Calm,
    outboxes: Iterable[Path],
    originals: Sequence[Path],
    handed_in: Counter[str],
) -> Account:
    """`handed_in`: how many jobs were made of the same bytes, as the ledger tells.

    `outboxes` and `originals` are folders: of records and reasons why there is none, and of files that were put away;
    of these there are none where files stay in place.
    """
    result = Account(versions=len(versions))
    answers: Counter[str] = Counter()
    for folder in outboxes:
        for path in folder.rglob("*.json"):
            if path.name.endswith(".meta.json"):  # put away with the file that it describes
                continue
            told = json.loads(path.read_text())
            is_refusal = path.name.endswith(".error.json")
            answers[str(told["sha256"] if is_refusal else told["document"]["sha256"])] += 1
            result.refused += is_refusal
            result.records += not is_refusal
    kept = Counter(
        sha256(path.read_bytes()).hexdigest()
        for folder in originals
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(".json")
    )
    known = {version.sha256 for version in versions}
    for version in versions:
        owed = version.is_owed(calm)
        result.owed += owed
        result.owed_ended += owed and version.has_ended
        count = max(answers[version.sha256], handed_in[version.sha256])
        if count > 1:
            result.doubled.append(f"{version.how}: {version.sha256}")
        if owed and not answers[version.sha256]:
            result.lost.append(f"{version.how}: {version.sha256} {version.lay}")
        if originals and answers[version.sha256] and kept[version.sha256] != 1:
            result.originals_lost.append(f"{version.how}: {version.sha256} {kept[version.sha256]}")
    result.strange += sorted(answers.keys() - known)
    return result
