"""The receiver of a chaos run, which must tell good signatures from bad ones by itself."""

import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from docproc.services.deliver import signature

_SPEC = spec_from_file_location("chaos_receiver", Path(__file__).parents[2] / "bench/chaos/receiver.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_MODULE = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
is_signed = _MODULE.is_signed


def test_a_signature_counts_for_its_body_its_secret_and_its_time_alone() -> None:
    now = int(time.time())
    good = signature(b"{}", ["newer", "older"], at=now)
    assert is_signed(b"{}", good, "newer")
    assert is_signed(b"{}", good, "older")

    assert not is_signed(b"{ }", good, "newer")
    assert not is_signed(b"{}", good, "another")
    assert not is_signed(b"{}", signature(b"{}", ["newer"], at=now - 3600), "newer")
    assert not is_signed(b"{}", good.replace(f"t={now}", f"t={now + 1}"), "newer")
    assert not is_signed(b"{}", "", "newer")
