"""Settings: where a value comes from, and that secrets stay masked."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from docproc.bootstrap import database_facts, load_settings
from docproc.domain.errors import UsageError
from docproc.settings import OWN_FILE_ONLY, Settings, setting_sources

pytestmark = pytest.mark.usefixtures("empty_place")


@pytest.fixture
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in Settings.model_fields:
        monkeypatch.delenv(f"DOCPROC_{name.upper()}", raising=False)
    return tmp_path


def test_the_environment_wins_over_the_file(empty_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_place / "docproc.toml").write_text("workers = 3\nmax_pages = 7\n")
    monkeypatch.setenv("DOCPROC_WORKERS", "5")

    settings, sources = Settings(), setting_sources()

    assert (settings.workers, settings.max_pages) == (5, 7)
    assert sources["workers"] == "DOCPROC_WORKERS"
    assert sources["max_pages"].endswith("docproc.toml")
    assert sources["max_bytes"] == "default"


def test_the_file_here_wins_over_the_users_file(empty_place: Path) -> None:
    (empty_place / "config" / "docproc").mkdir(parents=True)
    (empty_place / "config" / "docproc" / "docproc.toml").write_text("workers = 9\nmax_pages = 9\n")
    (empty_place / "docproc.toml").write_text("workers = 3\n")

    settings = Settings()

    assert (settings.workers, settings.max_pages) == (3, 9)


@pytest.fixture
def secrets(empty_place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = empty_place / "secrets"
    folder.mkdir()
    monkeypatch.setenv("DOCPROC_SECRETS_DIR", str(folder))
    return folder


@pytest.mark.parametrize("name", ["docproc_database_url", "DOCPROC_DATABASE_URL"])
def test_a_secret_file_holds_the_setting_that_it_is_named_after(secrets: Path, name: str) -> None:
    (secrets / name).write_text("postgresql+psycopg://u:secret@db/x\n")

    assert Settings().database == "postgresql+psycopg://u:secret@db/x"
    assert setting_sources()["database_url"] == str(secrets)


def test_a_secret_file_wins_over_the_settings_file_and_a_variable_over_both(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secrets.parent / "docproc.toml").write_text("workers = 3\nmax_pages = 3\n")
    (secrets / "docproc_workers").write_text("5")
    (secrets / "docproc_max_pages").write_text("5")
    monkeypatch.setenv("DOCPROC_MAX_PAGES", "7")

    assert (Settings().workers, Settings().max_pages) == (5, 7)


def test_secrets_are_found_as_kubernetes_lays_them_out(secrets: Path) -> None:
    """Each name is a link to the newest of its versions, so that all change together."""
    (secrets / "..2026_11_21").mkdir()
    (secrets / "..2026_11_21" / "docproc_broker_url").write_text("redis://:secret@broker/0")
    (secrets / "..data").symlink_to("..2026_11_21")
    (secrets / "docproc_broker_url").symlink_to("..data/docproc_broker_url")

    assert Settings().broker == "redis://:secret@broker/0"


def test_a_folder_of_secrets_may_hold_others_too(secrets: Path) -> None:
    (secrets / "s3_credentials").write_text("not docproc's")

    assert Settings().database_url is None


def test_a_folder_of_secrets_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCPROC_SECRETS_DIR", "/no/such/folder")

    with pytest.raises(UsageError, match="/no/such/folder"):
        Settings()


def test_an_unknown_key_is_refused(empty_place: Path) -> None:
    (empty_place / "docproc.toml").write_text("worker = 3\n")

    with pytest.raises(ValidationError, match="worker"):
        Settings()


def test_a_database_url_does_not_show_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCPROC_DATABASE_URL", "postgresql+psycopg://u:secret@db/x")

    settings = Settings()

    assert "secret" not in repr(settings)
    assert settings.database == "postgresql+psycopg://u:secret@db/x"


def test_without_settings_the_database_lies_in_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCPROC_DATA_DIR", "/data/docproc")

    assert Settings().database == "sqlite:////data/docproc/docproc.db"
    assert Settings().blobs == Path("/data/docproc/blobs")


@pytest.mark.parametrize(("order", "day_first"), [("dmy", True), ("mdy", False), ("ymd", None)])
def test_a_date_order_tells_whether_the_day_comes_first(
    order: str, day_first: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCPROC_DATE_ORDER", order)

    assert Settings().day_first is day_first


def test_limits_follow_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCPROC_MAX_PAGES", "12")
    monkeypatch.setenv("DOCPROC_CHILD_MEMORY_MB", "1024")

    limits = Settings().limits

    assert (limits.max_pages, limits.memory_bytes) == (12, 1024**3)


OPERATORS = {
    "database_url": '"postgresql+psycopg://u:secret@elsewhere/x"',
    "blob_url": '"s3://elsewhere"',
    "broker_url": '"redis://elsewhere/0"',
    "readers": '{ own = "reader:Reader" }',
    "trace_endpoint": '"http://elsewhere:4318"',
    "webhook_hosts": '["inside"]',
    "source_hosts": '["inside"]',
    "sealing_key": f'"{"k" * 43}="',
}


@pytest.mark.parametrize("name", sorted(OWN_FILE_ONLY))
def test_the_file_of_a_folder_cannot_take_records_or_run_code(empty_place: Path, name: str) -> None:
    (empty_place / "docproc.toml").write_text(f"{name} = {OPERATORS[name]}\n")

    with pytest.raises(UsageError, match=f"may not set {name}.*DOCPROC_{name.upper()}") as refused:
        Settings()
    assert "elsewhere" not in refused.value.message


@pytest.mark.parametrize("name", sorted(OWN_FILE_ONLY))
def test_the_users_own_file_can(empty_place: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = empty_place / "config" / "docproc"
    own.mkdir(parents=True)
    (own / "docproc.toml").write_text(f"{name} = {OPERATORS[name]}\n")

    assert setting_sources()[name].endswith("docproc.toml")
    monkeypatch.chdir(own)
    assert name in Settings().model_fields_set


def test_the_place_of_a_database_is_told_without_what_its_url_says_besides(
    empty_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = empty_place / "docproc.db"
    monkeypatch.setenv("DOCPROC_DATABASE_URL", f"sqlite:///{file}?timeout=5")

    assert database_facts().place == f"sqlite {file}"


SEALING_KEY, OLDER_SEALING_KEY = "k" * 43 + "=", "_-" * 21 + "8="


def test_of_several_sealing_keys_the_first_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCPROC_SEALING_KEY", f"{SEALING_KEY}, {OLDER_SEALING_KEY}\n")

    assert Settings().sealing_keys == (SEALING_KEY, OLDER_SEALING_KEY)
    assert SEALING_KEY not in repr(Settings())


def test_a_blank_secret_file_is_no_sealing_key(secrets: Path) -> None:
    (secrets / "docproc_sealing_key").write_text(" \n")

    assert Settings().sealing_keys == ()


@pytest.mark.parametrize(
    "malformed", ["opensesame", SEALING_KEY[:-1], f"{SEALING_KEY},", SEALING_KEY.replace("k", "/"), "k" * 64]
)
def test_a_malformed_sealing_key_is_named_and_not_shown(malformed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCPROC_SEALING_KEY", malformed)

    with pytest.raises(UsageError, match=r"sealing_key.*docproc sealing key") as refused:
        load_settings()

    assert malformed not in refused.value.message


@pytest.mark.usefixtures("empty_place")
def test_a_list_that_is_none_is_an_error_that_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCPROC_WEBHOOK_HOSTS", "erp.local")

    with pytest.raises(UsageError, match="webhook_hosts"):
        load_settings()
