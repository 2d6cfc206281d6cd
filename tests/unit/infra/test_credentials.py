"""Accounts: generated once, private on disk, replaced where the environment names a server."""

import tomllib
from pathlib import Path

import pytest

from infra.stack import credentials
from infra.stack.endpoints import Endpoints, Named
from infra.stack.problem import SetupProblem
from mesh.settings import Settings


def test_accounts_are_kept_and_completed(tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    first = credentials.load_or_generate(path)
    credentials.write_private(path, credentials.accounts_text(first))
    assert credentials.load_or_generate(path) == first
    without_cache = path.read_text().split("[accounts.cache]")[0]
    path.write_text(without_cache)
    second = credentials.load_or_generate(path)
    assert second["isgri"] == first["isgri"]
    assert second["cache"] != first["cache"]


def test_passwords_differ_between_services_and_servers() -> None:
    accounts = credentials.load_or_generate(Path("/nonexistent/accounts.toml")).accounts.values()
    words = [word for one in accounts for word in (one.amqp_password, one.redis_password, one.s3_secret_key)]
    assert len(set(words)) == len(words)
    assert min(map(len, words)) >= 32
    assert all(len(one.s3_secret_key) <= 40 and len(one.s3_access_key) <= 20 for one in accounts)


def test_long_names_that_begin_alike_have_accounts_of_their_own() -> None:
    names = ("spectral_fit", "spectral_fits", "spectral_fitting", "spectral_fit_of_bursts")
    keys = [credentials.Account.generate(name).s3_access_key for name in names]
    assert len(set(keys)) == len(names)
    assert max(map(len, keys)) <= 20


def test_file_is_private_and_only_written_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "credentials.toml"
    assert credentials.write_private(path, "a = 1\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert not credentials.write_private(path, "a = 1\n")
    assert credentials.write_private(path, "a = 2\n")
    assert [one.name for one in tmp_path.iterdir()] == ["credentials.toml"]


def test_named_server_gives_its_account_to_all_services() -> None:
    generated = credentials.load_or_generate(Path("/nonexistent/accounts.toml"))
    ends = Endpoints.from_environment({"ODAMESH_REDIS_URL": 'redis://me:quote"back\\@redis.example'})
    text = credentials.text(credentials.for_services(generated, ends), ends, docker_host="", runner="local")
    content = tomllib.loads(text)
    assert content["endpoints"]["redis_host"] == "redis.example"
    assert content["accounts"]["isgri"]["redis_password"] == ends.named["redis"].password
    assert ends.named["redis"] == Named("ODAMESH_REDIS_URL", "me", 'quote"back\\')
    assert content["accounts"]["isgri"]["amqp_password"] == generated["isgri"].amqp_password


def test_services_read_what_set_up_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generated, ends = credentials.load_or_generate(tmp_path / "none"), Endpoints.from_environment({})
    path = tmp_path / "credentials.toml"
    credentials.write_private(
        path, credentials.text(generated, ends, docker_host="unix:///run/engine.sock", runner="warm")
    )
    monkeypatch.setenv("ODAMESH_CREDENTIALS", str(path))
    monkeypatch.delenv("ODAMESH_DOCKER_HOST", raising=False)
    settings = Settings()
    own = settings.connections("isgri")
    assert own.broker.password == generated["isgri"].amqp_password
    assert (own.redis.port, own.store.endpoint) == (ends.redis_port, ends.s3_endpoint)
    assert settings.engine_address() == "unix:///run/engine.sock"


def test_missing_and_damaged_files_say_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    with pytest.raises(SetupProblem, match="run `odamesh stack up` first"):
        credentials.read(path)
    path.write_text("no toml")
    with pytest.raises(SetupProblem, match="damaged"):
        credentials.read(path)
