"""Passwords sealed and opened: by which key, for which job; and those that only memory keeps."""

import base64
import uuid

import pytest
from cryptography.fernet import Fernet

from docproc.domain.errors import SealedError, UsageError
from docproc.services.passwords import MOST_PASSWORDS, PasswordsInMemory, require_reach
from docproc.storage.sealing import Seal, Sealed, key_id

JOB, OTHER_JOB = uuid.uuid4(), uuid.uuid4()
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
MARKER = "correct horse battery staple"


def test_what_is_sealed_is_opened_with_the_same_key() -> None:
    passwords = (MARKER, "ünïcode \x00 \ud83d\ude00"[:9], "")

    sealed = Seal([OLD]).seal(JOB, passwords)

    assert Seal([OLD]).open(JOB, sealed) == passwords


def test_the_sealed_text_shows_nothing_and_is_another_one_each_time() -> None:
    first, second = (Seal([OLD]).seal(JOB, (MARKER,)) for _ in range(2))

    assert first.text != second.text
    for form in (MARKER.encode(), base64.urlsafe_b64encode(MARKER.encode()).rstrip(b"=")):
        assert form not in first.text.encode()
        assert form not in base64.urlsafe_b64decode(first.text)
    assert first.text not in repr(first)


def test_the_first_key_seals_and_each_opens() -> None:
    sealed = Seal([OLD]).seal(JOB, (MARKER,))
    both = Seal([NEW, OLD])

    assert both.open(JOB, sealed) == (MARKER,)
    assert both.seal(JOB, (MARKER,)).key_id == key_id(NEW) == both.key_ids[0]


@pytest.mark.parametrize("keys", [(), (NEW,)], ids=["no key", "another key"])
def test_a_key_that_is_missing_is_named_by_its_id_and_not_by_itself(keys: tuple[str, ...]) -> None:
    sealed = Seal([OLD]).seal(JOB, (MARKER,))

    with pytest.raises(SealedError, match="DOCPROC_SEALING_KEY") as refused:
        Seal(keys).open(JOB, sealed)

    assert key_id(OLD) in refused.value.message
    assert all(each not in refused.value.message for each in (OLD, NEW, MARKER, sealed.text))


def test_a_key_is_called_by_what_says_nothing_of_it() -> None:
    assert key_id(OLD) != key_id(NEW)
    assert key_id(OLD) == key_id(OLD)
    assert len(key_id(OLD)) == 16
    assert key_id(OLD) not in base64.urlsafe_b64decode(OLD).hex()


def test_what_was_sealed_for_one_job_opens_no_other() -> None:
    sealed = Seal([OLD]).seal(JOB, (MARKER,))

    with pytest.raises(SealedError, match="another"):
        Seal([OLD]).open(OTHER_JOB, sealed)


@pytest.mark.parametrize("damage", ["cut", "changed", "foreign"])
def test_what_is_damaged_is_said_to_be(damage: str) -> None:
    text = Seal([OLD]).seal(JOB, (MARKER,)).text
    other = "A" if text[40] != "A" else "B"
    broken = {"cut": text[:-8], "changed": text[:40] + other + text[41:], "foreign": "gibberish"}[damage]

    with pytest.raises(SealedError, match="damaged"):
        Seal([OLD]).open(JOB, Sealed(key_id=key_id(OLD), text=broken))


def test_without_a_key_nothing_is_sealed() -> None:
    with pytest.raises(SealedError, match="DOCPROC_SEALING_KEY"):
        Seal([]).seal(JOB, (MARKER,))


def test_memory_reaches_no_worker_and_says_what_to_set() -> None:
    with pytest.raises(UsageError, match="DOCPROC_SEALING_KEY"):
        require_reach(PasswordsInMemory())


def test_of_ever_more_passwords_only_the_newest_are_kept() -> None:
    passwords = PasswordsInMemory()
    for number in range(MOST_PASSWORDS + 5):
        passwords.give(JOB, (str(number),))

    assert len(passwords.of(JOB)) == MOST_PASSWORDS
    assert passwords.of(JOB)[0] == str(MOST_PASSWORDS + 4)
    many = tuple(map(str, range(2 * MOST_PASSWORDS)))
    passwords.give(JOB, many)
    assert passwords.of(JOB) == many


def test_memory_asks_further_for_what_it_was_not_given() -> None:
    kept = PasswordsInMemory()
    kept.give(JOB, ("kept",))
    passwords = PasswordsInMemory(kept)
    passwords.give(OTHER_JOB, ("own",))

    assert (passwords.of(JOB), passwords.of(OTHER_JOB)) == (("kept",), ("own",))
