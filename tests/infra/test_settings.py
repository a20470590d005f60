"""Is a process told what it needs, and does it refuse to start without?"""

import os
from pathlib import Path

import pytest

from infra.embedded import run_json, secret_file
from infra.settings import Settings, SettingsInvalid, SettingsMissing, read_settings, store_urls

URLS = {
    "postgres": "postgresql://db/main",
    "keys": "postgresql://db/keys",
    "redis": "redis://r/0",
    "mongo": "mongodb://m",
}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("TELOCOMPRO_") or name == "KEYS_DATABASE_URL":
            monkeypatch.delenv(name)


def a_run(data: Path, **more: str) -> Path:
    secret_file.read_or_make(data)
    return run_json.write(
        run_json.RunJson(pid=os.getpid(), data=str(data), urls={**URLS, **more}, ports={"base": 4000})
    )


def test_a_run_and_its_secrets_are_enough(tmp_path: Path) -> None:
    settings = read_settings(a_run(tmp_path, stripe="http://127.0.0.1:4011", mail="smtp://127.0.0.1:4012"))

    assert settings.stores.keys_url == URLS["keys"]
    assert (settings.ports.rest, settings.ports.graphql, settings.ports.ws) == (4001, 4002, 4003)
    assert settings.stripe.base_url == "http://127.0.0.1:4011"
    assert settings.mail.url == "smtp://127.0.0.1:4012"
    assert len(settings.secrets.kek_bytes()) == 32
    assert settings.stripe.webhook_secrets()[0].startswith("whsec_")
    assert settings.runtime.data == tmp_path


def test_a_run_that_is_starting_is_found_by_its_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_json.write(run_json.RunJson(pid=os.getpid(), data=str(tmp_path), urls=URLS), starting=True)
    monkeypatch.setenv("TELOCOMPRO_DATA", str(tmp_path))

    assert read_settings().stores.mongo_url == URLS["mongo"]


def test_the_secrets_of_a_run_lie_in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = a_run(tmp_path / "one")
    own = read_settings(file).secrets.kek_bytes()
    secret_file.read_or_make(tmp_path / "another")
    monkeypatch.setenv("TELOCOMPRO_DATA", str(tmp_path / "another"))

    settings = read_settings(file)

    assert (settings.secrets.kek_bytes(), settings.runtime.data) == (own, tmp_path / "one")


def test_clients_are_held_tighter_where_the_public_comes_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = a_run(tmp_path)
    at_home = read_settings(file).limits
    monkeypatch.setenv("TELOCOMPRO_ENVIRONMENT", "production")
    monkeypatch.setenv("TELOCOMPRO_LIMIT_ADDRESS_RATE", "700")

    in_public = read_settings(file).limits

    assert in_public.person_rate < at_home.person_rate
    assert (in_public.address_rate, in_public.at_once) == (700, at_home.at_once)


def test_a_limit_that_lets_nobody_in_is_told_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELOCOMPRO_LIMIT_AT_ONCE", "0")

    with pytest.raises(SettingsInvalid, match="TELOCOMPRO_LIMIT_AT_ONCE"):
        read_settings(a_run(tmp_path))


def test_the_environment_wins_over_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = a_run(tmp_path)
    monkeypatch.setenv("TELOCOMPRO_POSTGRES_URL", "postgresql://other/main")
    monkeypatch.setenv("KEYS_DATABASE_URL", "postgresql://other/keys")
    monkeypatch.setenv("TELOCOMPRO_PORT_BASE", "5000")

    settings = read_settings(file)

    assert settings.stores.postgres_url == "postgresql://other/main"
    assert settings.stores.keys_url == "postgresql://other/keys"
    assert settings.stores.redis_url == URLS["redis"]
    assert settings.ports.rest == 5001


@pytest.mark.parametrize("empty", ["", " ", ",", " , "])
def test_an_empty_webhook_secret_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    file = a_run(tmp_path)
    monkeypatch.setenv("TELOCOMPRO_STRIPE_WEBHOOK_SECRET", empty)

    with pytest.raises(SettingsMissing) as missing:
        read_settings(file).stripe.webhook_secrets()

    assert missing.value.variable == "TELOCOMPRO_STRIPE_WEBHOOK_SECRET"


def test_two_webhook_secrets_hold_during_a_rotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = a_run(tmp_path)
    monkeypatch.setenv("TELOCOMPRO_STRIPE_WEBHOOK_SECRET", "whsec_new, whsec_old")

    assert read_settings(file).stripe.webhook_secrets() == ("whsec_new", "whsec_old")


def test_without_stores_the_missing_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELOCOMPRO_DATA", str(tmp_path))

    with pytest.raises(SettingsMissing, match="TELOCOMPRO_POSTGRES_URL"):
        read_settings()


def test_a_database_without_its_keys_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELOCOMPRO_POSTGRES_URL", "postgresql://db/main")

    with pytest.raises(SettingsMissing, match="KEYS_DATABASE_URL"):
        store_urls()


def test_the_run_of_a_dead_process_is_no_run(tmp_path: Path) -> None:
    file = run_json.write(run_json.RunJson(pid=2**22 + 1, data=str(tmp_path), urls=URLS))

    with pytest.raises(SettingsMissing):
        read_settings(file)


def test_production_ignores_the_secrets_of_a_development_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = a_run(tmp_path)
    monkeypatch.setenv("TELOCOMPRO_ENVIRONMENT", "production")

    with pytest.raises(SettingsMissing, match="TELOCOMPRO_KEK"):
        read_settings(file).secrets.kek_bytes()


@pytest.mark.parametrize("kek", ["short", "bm90LTMyLWJ5dGVz", "ñ"])
def test_a_key_of_another_size_is_refused_without_showing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kek: str
) -> None:
    file = a_run(tmp_path)
    monkeypatch.setenv("TELOCOMPRO_KEK", kek)

    with pytest.raises(SettingsInvalid) as invalid:
        read_settings(file).secrets.kek_bytes()

    assert kek not in str(invalid.value)


def test_a_port_that_is_no_number_names_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = a_run(tmp_path)
    monkeypatch.setenv("TELOCOMPRO_PORT_BASE", "many")

    with pytest.raises(SettingsInvalid, match="TELOCOMPRO_PORT_BASE"):
        read_settings(file)


def test_settings_are_frozen_and_show_no_secret(tmp_path: Path) -> None:
    settings: Settings = read_settings(a_run(tmp_path))

    shown = repr(settings)

    with pytest.raises(Exception, match="frozen"):
        settings.ports.base = 1
    for secret in secret_file.read(tmp_path).values():
        assert secret not in shown
    assert URLS["postgres"] not in shown


def test_secrets_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    first = secret_file.read_or_make(tmp_path)

    assert secret_file.read_or_make(tmp_path) == first
    assert secret_file.path(tmp_path).stat().st_mode & 0o777 == 0o600
    assert a_run(tmp_path).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []
