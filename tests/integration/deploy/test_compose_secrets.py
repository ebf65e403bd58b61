"""Secrets that `make_secrets.sh` draws: each is taken by the part that it is for, started for real."""

import json
import subprocess
import sys
from pathlib import Path

import boto3
import botocore.session
import pytest
import redis
import yaml
from botocore.exceptions import ClientError
from doubles.ports import free_port, wait_for
from doubles.s3 import ENVIRONMENT, s3_in_process
from doubles.valkey import binary

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
COMPOSE = ROOT / "deploy" / "compose"


def draw(folder: Path) -> None:
    subprocess.run(["sh", COMPOSE / "make_secrets.sh", folder], check=True)


def drawn(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    draw(folder)
    return folder


def test_drawn_secrets_are_those_that_the_compose_file_names(secrets: Path) -> None:
    named = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["secrets"].values()

    assert {Path(each["file"]).name for each in named} <= drawn(secrets).keys()
    assert json.loads(drawn(secrets)["s3_identities.json"])["identities"]


def test_nobody_else_on_the_machine_can_open_the_folder_of_secrets(secrets: Path) -> None:
    assert secrets.stat().st_mode & 0o077 == 0


def test_docproc_takes_its_drawn_secrets_from_their_files(secrets: Path) -> None:
    code = "from docproc.settings import Settings as S; s = S(); print(s.database, s.broker, *s.sealing_keys)"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "/usr/bin:/bin", "DOCPROC_SECRETS_DIR": str(secrets)},
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    database, broker, sealing_key = ended.stdout.split()

    password = (secrets / "database_password").read_text()
    assert len(password) == 32
    assert database == f"postgresql+psycopg://docproc:{password}@postgres:5432/docproc"
    assert sealing_key == (secrets / "docproc_sealing_key").read_text()
    assert broker == f"redis://:{(secrets / 'broker_password').read_text()}@broker:6379/0"


def test_secrets_that_are_there_are_not_drawn_again(secrets: Path) -> None:
    before = drawn(secrets)

    draw(secrets)

    assert drawn(secrets) == before


def test_the_broker_takes_its_settings_and_asks_for_the_password(secrets: Path, tmp_path: Path) -> None:
    port = free_port()
    command = [
        str(binary()),
        str(secrets / "valkey.conf"),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            url = (secrets / "docproc_broker_url").read_text().replace("@broker:6379", f"@127.0.0.1:{port}")
            with redis.Redis.from_url(url) as mine, redis.Redis(port=port) as stranger:
                assert mine.ping()
                # what is full refuses: a broker that forgets loses hints, and time with them
                assert mine.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
                with pytest.raises(redis.AuthenticationError):
                    stranger.ping()
        finally:
            server.terminate()


def test_the_keys_of_the_store_are_those_that_it_knows(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(secrets / "s3_credentials"))
    (identity,) = json.loads((secrets / "s3_identities.json").read_text())["identities"]

    mine = botocore.session.Session().get_credentials()

    assert mine is not None
    assert identity["credentials"] == [{"accessKey": mine.access_key, "secretKey": mine.secret_key}]


def test_the_bucket_is_made_once_and_may_be_there(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with s3_in_process() as port:
        endpoint = f"http://127.0.0.1:{port}"
        environment = {
            "PATH": "/usr/bin:/bin",
            "AWS_SHARED_CREDENTIALS_FILE": str(secrets / "s3_credentials"),
            "DOCPROC_BLOB_URL": f"s3://docproc/prefix?endpoint={endpoint}",
        }
        for _ in range(2):
            subprocess.run([sys.executable, COMPOSE / "make_bucket.py"], check=True, env=environment)
        client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        client.head_bucket(Bucket="docproc")
        with pytest.raises(ClientError):
            client.head_bucket(Bucket="other")
        client.close()
