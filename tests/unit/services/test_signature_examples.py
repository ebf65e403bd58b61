"""What docs/service.md tells receivers of webhooks to do accepts what docproc signs, and nothing else."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from docproc.services.deliver import signature

PAGE = Path(__file__).parents[3] / "docs" / "service.md"
BODY = b'{"id":"x.1","kind":"job.succeeded"}'


def example(language: str) -> str:
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(code)


@pytest.fixture
def is_genuine() -> Callable[[bytes, str, str], bool]:
    names: dict[str, Callable[[bytes, str, str], bool]] = {}
    exec(compile(example("python"), PAGE.name, "exec"), names)  # noqa: S102 our own documentation
    return names["is_genuine"]


def test_the_python_example_tells_a_signed_message_from_others(is_genuine: Callable[[bytes, str, str], bool]) -> None:
    now = int(time.time())
    signed = signature(BODY, ["new", "old"], at=now)

    assert is_genuine(BODY, signed, "old")
    assert is_genuine(BODY, signed, "new")
    assert not is_genuine(BODY, signed, "another")
    assert not is_genuine(BODY + b" ", signed, "old")
    assert not is_genuine(BODY, signature(BODY, ["old"], at=now - 3600), "old")
    assert not is_genuine(BODY, "", "old")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the example needs openssl")
@pytest.mark.parametrize(("secret", "said"), [("old", "genuine\n"), ("new", "genuine\n"), ("another", "forged\n")])
def test_the_shell_example_tells_a_signed_message_from_others(tmp_path: Path, secret: str, said: str) -> None:
    (tmp_path / "body.json").write_bytes(BODY)
    variables = {"SIGNATURE": signature(BODY, ["new", "old"], at=1_763_736_000), "SECRET": secret}
    done = subprocess.run(
        ["/bin/sh", "-c", example("sh")],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == (said, 0 if said == "genuine\n" else 1)
