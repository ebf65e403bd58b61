"""Whoever does not trace does not load what tracing needs."""

import subprocess
import sys
from pathlib import Path

import pytest

from docproc.domain.ids import new_id
from docproc.observability import bound
from docproc.observability.tracing import attributes_of, begin_traces, job_begins, request, step_of

ROOT = Path(__file__).parents[3]


def test_a_worker_that_does_not_trace_never_imports_opentelemetry() -> None:
    code = """
import sys
from docproc.observability.tracing import begin_traces
import workers.process, docproc.services.do_task
begin_traces(None, part="worker")
print(sorted(name for name in sys.modules if name.startswith("opentelemetry")))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert ended.stdout == "[]\n"


def test_what_is_traced_goes_on_where_nobody_traces() -> None:
    begin_traces(None, part="test")
    done = []

    with job_begins(new_id()), bound(job_id=str(new_id())), step_of("read"), request("GET", {}) as answered:
        answered("GET", "/v1/jobs", status=200)
        done.append("all of it")

    assert done


@pytest.mark.parametrize(("facts", "attributes"), [({"page": 3, "code": None}, {"docproc.page": 3}), ({}, {})])
def test_a_fact_that_is_not_there_is_no_attribute(facts: dict[str, int | None], attributes: dict[str, int]) -> None:
    assert attributes_of(facts) == attributes
