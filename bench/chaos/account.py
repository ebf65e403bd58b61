"""Counts a run from what it left behind, with nothing of docproc: `python bench/chaos/account.py build/chaos-1`.

Takes what clients and the receiver of webhooks wrote down, the tables as CSV, the exports and the list of blobs; asks
no server.
"""

import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ENDED_PAGE = {"read", "blank", "failed", "canceled"}
_WITH_RECORD = {"succeeded", "needs_review"}
#: nobody cancels; and who fails must have been killed three times at the same thing, which a run may come to
_WITHOUT_RECORD, _DUE_CODES = {"failed", "canceled"}, {"crashed"}
_ERROR, _AWAY = 400, 503
_ENDED_DOCUMENT = _WITH_RECORD | _WITHOUT_RECORD
#: what there must be none of
FAULTS = (
    *("lost", "doubled", "undue_failures", "orphan_blobs", "missing_blobs", "miscounted"),
    *("bad_answers", "misled_watchers", "unlike_records", "webhooks_lost", "webhooks_unlike"),
)

csv.field_size_limit(1 << 30)


@dataclass
class Account:
    """What became of every page."""

    jobs: int = 0
    pages: int = 0
    states: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    #: pages and documents that ended without being read, for no reason that the run gives them
    undue_failures: list[str] = field(default_factory=list)
    orphan_blobs: list[str] = field(default_factory=list)
    missing_blobs: list[str] = field(default_factory=list)
    #: jobs whose own counts are not those of their pages
    miscounted: list[str] = field(default_factory=list)

    #: an error that is no 503 with Retry-After
    bad_answers: list[str] = field(default_factory=list)
    #: who was not told every event of a job, each once and in its order
    misled_watchers: list[str] = field(default_factory=list)
    #: records that a client fetched or exported under fire, and that differ from those of the end
    unlike_records: list[str] = field(default_factory=list)
    #: events that their webhook was never told of
    webhooks_lost: list[str] = field(default_factory=list)
    #: messages without a good signature, of no event, or other than they were the first time
    webhooks_unlike: list[str] = field(default_factory=list)
    #: how many, by status
    answers: Counter[str] = field(default_factory=Counter)
    watchers: int = 0
    webhooks: int = 0
    #: messages that came again
    webhooks_again: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "jobs": self.jobs,
            "pages": self.pages,
            "states": dict(sorted(self.states.items())),
            **{name: len(getattr(self, name)) for name in FAULTS},
            "answers": dict(sorted(self.answers.items())),
            "watchers": self.watchers,
            "webhooks": self.webhooks,
            "webhooks_again": self.webhooks_again,
        }

    @property
    def is_clean(self) -> bool:
        return not any(getattr(self, name) for name in FAULTS)


class Leavings:
    """Everything that a run left behind, by document."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.submitted = list(self.noted("submitted"))
        self.jobs = list(self.table("jobs"))
        self.documents = list(self.table("documents"))
        self.pages = _by_document(self.table("pages"))
        self.readings = _by_document(self.table("readings"))
        self.extractions = _by_document(self.table("extractions"))
        self.lines = self.records("exports")

    def noted(self, name: str) -> Iterator[dict[str, Any]]:
        """What was written down while it happened."""
        path = self._folder / f"{name}.jsonl"
        yield from map(json.loads, path.read_text().splitlines() if path.exists() else ())

    def table(self, name: str) -> Iterator[dict[str, str]]:
        with (self._folder / "tables" / f"{name}.csv").open(newline="") as file:
            yield from csv.DictReader(file)

    def blobs(self) -> set[str]:
        return set((self._folder / "blobs.txt").read_text().split())

    def records(self, name: str) -> Mapping[str, Sequence[dict[str, Any]]]:
        """Extractions in the files of a folder, by document."""
        found = defaultdict(list)
        for path in sorted((self._folder / name).glob("*.jsonl")):
            for line in path.read_text().splitlines():
                extraction = json.loads(line)
                found[extraction["document_id"]].append(extraction)
        return found


def _by_document(rows: Iterator[dict[str, str]]) -> Mapping[str, Sequence[dict[str, str]]]:
    found = defaultdict(list)
    for row in rows:
        found[row["document_id"]].append(row)
    return found


def account(folder: Path) -> Account:
    """Count everything that `folder` tells of."""
    leavings = Leavings(folder)
    result = Account(jobs=len(leavings.jobs))
    names = {job["id"]: job["external_id"] for job in leavings.jobs}
    result.doubled += [f"{name}: {count} jobs" for name, count in Counter(names.values()).items() if count > 1]
    rows: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in leavings.documents:
        rows[names[row["job_id"]], row["file"]].append(row)
    for paper in leavings.submitted:
        result.pages += paper["pages"]
        found = rows.pop((paper["job"], Path(paper["path"]).name), [])
        if len(found) == 1:
            _of_document(paper, found[0], leavings, result)
        else:
            _all_pages(result.doubled if found else result.lost, paper)
    for job, file in rows:
        result.doubled.append(f"{job} {file}: never submitted")
    _of_failures(leavings, result)
    _of_blobs(leavings, result)
    _of_jobs(leavings, result)
    _of_answers(leavings, result)
    _of_watchers(leavings, result)
    _of_fetched(leavings, result)
    _of_webhooks(leavings, result)
    return result


def _all_pages(where: list[str], paper: Mapping[str, Any]) -> None:
    where += [f"{paper['path']} page {number}" for number in range(1, paper["pages"] + 1)]


def _of_document(paper: Mapping[str, Any], row: Mapping[str, str], leavings: Leavings, result: Account) -> None:
    result.states[f"document {row['state']}"] += 1
    states = _page_states(paper, row, leavings, result)
    if row["state"] not in _ENDED_DOCUMENT:
        return _all_pages(result.lost, paper)
    read = [number for number, state in states.items() if state == "read"]
    readings = Counter(number for each in leavings.readings[row["id"]] for number in json.loads(each["pages"]))
    _expect_once(result, paper, {number: readings[number] for number in read}, what="readings")
    with_record = row["state"] in _WITH_RECORD
    revisions = leavings.extractions[row["id"]]
    _expect_once(result, paper, {0: len(revisions) if with_record else 1 + len(revisions)}, what="extractions")
    lines = leavings.lines[row["id"]]
    _expect_once(result, paper, {0: len(lines)}, what="export lines")
    if with_record and paper["reader"] == "quick":
        rows = Counter(pair["key"] for line in lines for pair in line["record"]["pairs"])
        _expect_once(result, paper, {number: rows[f"page {number}"] for number in read}, what="rows of the record")
    return None


def _page_states(
    paper: Mapping[str, Any], row: Mapping[str, str], leavings: Leavings, result: Account
) -> Mapping[int, str]:
    """The state of each page; pages of a document that failed before it was prepared failed with it."""
    pages = leavings.pages[row["id"]]
    if not pages and row["state"] == "failed":
        result.states["failed"] += paper["pages"]
        return {}
    states = {int(page["number"]): page["state"] for page in pages}
    result.states.update(states.values())
    for number in range(1, paper["pages"] + 1):
        if states.get(number) not in _ENDED_PAGE:
            result.lost.append(f"{paper['path']} page {number}: {states.get(number)}")
    if len(pages) > paper["pages"]:
        result.doubled.append(f"{paper['path']}: {len(pages)} pages")
    return states


def _expect_once(result: Account, paper: Mapping[str, Any], counts: Mapping[int, int], *, what: str) -> None:
    for number, count in counts.items():
        if count != 1:
            place = f"{paper['path']} page {number}" if number else paper["path"]
            (result.doubled if count else result.lost).append(f"{place}: {count} {what}")


def _of_failures(leavings: Leavings, result: Account) -> None:
    for row in leavings.documents:
        ends = {"": row, **{f" page {page['number']}": page for page in leavings.pages[row["id"]]}}
        for place, end in ends.items():
            code = json.loads(end["failure"] or "{}").get("code")
            if end["state"] in _WITHOUT_RECORD and code not in _DUE_CODES:
                result.undue_failures.append(f"{row['id']} {row['file']}{place}: {end['state']} {code or ''}")


def _of_blobs(leavings: Leavings, result: Account) -> None:
    named = {row[name] for row in leavings.documents for name in ("original_key", "words_key")}
    named |= {row["blob_key"] for row in leavings.table("exports")}
    for rows in (*leavings.readings.values(), *leavings.extractions.values()):
        named |= {row["body_key"] for row in rows}
        named |= {table["blob_key"] for row in rows for table in json.loads(row.get("tables") or "null") or ()}
    found = leavings.blobs()
    result.orphan_blobs += sorted(found - named)
    result.missing_blobs += sorted(named - found - {""})


def _of_jobs(leavings: Leavings, result: Account) -> None:
    jobs = {row["id"]: row["job_id"] for row in leavings.documents}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for document_id, pages in leavings.pages.items():
        counts[jobs[document_id]].update(page["state"] for page in pages)
    for job in leavings.jobs:
        own = {state: int(job[f"pages_{state}"]) for state in _ENDED_PAGE}
        if {state: counts[job["id"]][state] for state in _ENDED_PAGE} != own or int(job["pages_open"]):
            result.miscounted.append(job["id"])


def _of_answers(leavings: Leavings, result: Account) -> None:
    for answer in leavings.noted("answers"):
        status = answer["status"]
        result.answers[str(status or "none")] += 1
        if status is not None and status >= _ERROR and not (status == _AWAY and answer["retry_after"]):
            result.bad_answers.append(f"{answer['method']} {answer['path']}: {status}")


def _of_watchers(leavings: Leavings, result: Account) -> None:
    happened: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for event in leavings.table("events"):
        happened[event["job_id"]].append((int(event["number"]), event["kind"]))
    for watcher in leavings.noted("watched"):
        result.watchers += 1
        told = [(number, kind) for number, kind in watcher["events"]]
        if told != sorted(happened[watcher["job_id"]]):
            result.misled_watchers.append(f"{watcher['job_id']}: {told}")


def _of_fetched(leavings: Leavings, result: Account) -> None:
    jobs = {row["id"]: row["job_id"] for row in leavings.documents}
    sizes = Counter(jobs.values())
    for name in ("fetched", "exported"):
        records = leavings.records(name)
        for document_id, found in records.items():
            if found != leavings.lines[document_id]:
                result.unlike_records.append(f"{name} {document_id}")
        for job_id, count in Counter(jobs.get(document_id, "") for document_id in records).items():
            if count != sizes[job_id]:
                result.unlike_records.append(f"{name} {job_id}: {count} of {sizes[job_id]} records")


def _of_webhooks(leavings: Leavings, result: Account) -> None:
    told: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for message in leavings.noted("received"):
        told[message["tenant"], message["id"]].append(message)
    wanted = {hook["tenant"]: json.loads(hook["kinds"]) for hook in leavings.table("webhooks")}
    tenants = {job["id"]: job["tenant"] for job in leavings.jobs}
    for event in leavings.table("events"):
        tenant, kind = tenants[event["job_id"]], event["kind"]
        if tenant not in wanted or (wanted[tenant] and kind not in wanted[tenant]):
            continue
        result.webhooks += 1
        name = f"{event['job_id']}.{event['number']}"
        messages = told.pop((tenant, name), [])
        facts = {(message["signed"], message["kind"], message["job_id"], message["number"]) for message in messages}
        result.webhooks_again += max(0, len(messages) - 1)
        if not messages:
            result.webhooks_lost.append(f"{name} {kind}")
        elif facts != {(True, kind, event["job_id"], int(event["number"]))} or len(_bodies(messages)) > 1:
            result.webhooks_unlike.append(f"{name} {kind}")
    result.webhooks_unlike += [f"{tenant} {name}: of no event that it wants" for tenant, name in told]


def _bodies(messages: Sequence[Mapping[str, Any]]) -> set[str]:
    return {message["sha256"] for message in messages}


def main() -> None:
    """Print what is wrong, a line each, and one JSON object."""
    result = account(Path(sys.argv[1]))
    for name in FAULTS:
        for line in getattr(result, name):
            print(f"{name}: {line}")
    print(json.dumps(result.to_json()))
    sys.exit(not result.is_clean)


if __name__ == "__main__":
    main()
