"""Passwords of a service on the command line: given, given again, sealed with a newer key; and what the doctor says."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from doubles.command import Command, write_pdf
from sqlalchemy import text

from docproc.storage.database import Database
from docproc.storage.sealing import key_id

pytestmark = pytest.mark.integration
MARKER = "opensesame-c0de"


@pytest.fixture
def key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture
def sealing(service: Command, key: str) -> Command:
    write_pdf(service.place / "locked.pdf", "Number: 7", password=MARKER)
    (service.place / "in").mkdir()
    (service.place / "p.txt").write_text(f"first try\n{MARKER}\n")
    return replace(service, settings={**service.settings, "sealing_key": key})


def finding(command: Command, *, code: int = 1) -> Mapping[str, object]:
    found = json.loads(command("doctor", "--service", "--json", code=code).stdout)
    return next(each for each in found if each["what"] == "sealed passwords")


def test_submit_and_retry_seal_what_a_newer_key_seals_again(
    sealing: Command, key: str, service_database: Database
) -> None:
    submitting = ("submit", "locked.pdf", "--schema", "key_value", "--password-file", "p.txt")
    sealing(*submitting)
    (sealing.place / "other.txt").write_text("a third one")
    assert "0 documents" in sealing("jobs", "retry", "last", "--password-file", "other.txt").stdout
    with service_database.read() as connection:
        row = connection.execute(text("SELECT key_id, sealed FROM sealed_passwords")).one()
    assert row.key_id == key_id(key)
    assert MARKER not in row.sealed
    newer = Fernet.generate_key().decode()
    both = replace(sealing, settings={**sealing.settings, "sealing_key": f"{newer},{key}"})

    renewed = json.loads(both("sealing", "renew", "--json").stdout)

    assert renewed == {"key": key_id(newer), "renewed": 1, "left": {}}
    lost = finding(sealing)
    assert lost["good"] is False
    assert key_id(newer) in str(lost["detail"])
    assert "operate.md" in str(lost["advice"])


def test_without_a_key_everything_that_needs_one_says_so(sealing: Command) -> None:
    keyless = replace(sealing, settings={**sealing.settings, "sealing_key": ""})
    sealing("submit", "locked.pdf", "--schema", "key_value", "--password-file", "p.txt")

    refused = [
        keyless("jobs", "retry", "last", "--password-file", "p.txt", code=2),
        keyless("sealing", "renew", code=2),
        keyless("watch", "in", "--schema", "key_value", "-o", "out", "--service", "--password-file", "p.txt", code=2),
    ]

    assert all("DOCPROC_SEALING_KEY" in each.stderr for each in refused)


def test_a_malformed_key_is_a_wrong_setting(service: Command) -> None:
    refused = service("jobs", "list", code=2, sealing_key=MARKER)

    assert "sealing_key" in refused.stderr
    assert MARKER not in refused.stderr


def test_what_is_printed_is_the_key_alone(service: Command) -> None:
    printed = service("sealing", "key").stdout

    Fernet(printed.strip())
    assert printed.strip() not in service("settings", "show", sealing_key=printed).stdout
