"""Settings come from one private file; what is missing is said with what to do."""

from pathlib import Path

import pytest

from mesh.settings import Settings, SettingsError

FILE = """
[endpoints]
amqp_host = "127.0.0.1"
amqp_port = 5679
redis_host = "127.0.0.1"
redis_port = 6389
s3_endpoint = "127.0.0.1:9010"
docker_host = "unix:///run/x.sock"
[accounts.isgri]
amqp_user = "isgri"
amqp_password = "p1"
redis_user = "isgri"
redis_password = "p2"
s3_access_key = "isgri"
s3_secret_key = "p3"
"""


def test_an_account_sees_its_servers(tmp_path: Path) -> None:
    (tmp_path / "credentials.toml").write_text(FILE)
    connections = Settings(home=tmp_path).connections("isgri")
    broker = connections.broker
    assert (broker.host, broker.port, broker.vhost) == ("127.0.0.1", 5679, "odamesh")
    assert (broker.user, broker.password) == ("isgri", "p1")
    assert connections.store.bucket == "odamesh"
    assert Settings(home=tmp_path).engine_address() == "unix:///run/x.sock"


def test_passwords_do_not_show(tmp_path: Path) -> None:
    (tmp_path / "credentials.toml").write_text(FILE)
    text = repr(Settings(home=tmp_path).connections("isgri"))
    assert not any(secret in text for secret in ("p1", "p2", "p3"))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "run `odamesh stack up`"),
        ("[endpoints", "not valid TOML"),
        (FILE.replace("[accounts.isgri]", "[accounts.other]"), "no account 'isgri'"),
        (FILE.replace("redis_port = 6389", ""), "redis_port"),
    ],
)
def test_a_bad_file_says_what_to_do(tmp_path: Path, content: str | None, complaint: str) -> None:
    if content is not None:
        (tmp_path / "credentials.toml").write_text(content)
    with pytest.raises(SettingsError, match=complaint):
        Settings(home=tmp_path).connections("isgri")
