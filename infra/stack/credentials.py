"""The private file with addresses and passwords: one account per service, generated once."""

import os
import secrets
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.rabbitmq.topology import INSTRUMENTS
from infra.stack.endpoints import Endpoints
from infra.stack.problem import SetupProblem
from infra.stack.short_names import shorten

SERVICES = ("gateway", "dispatcher", *INSTRUMENTS, "cache", "triggers", "transports")
ADMIN = "admin"
_LONGEST_ACCESS_KEY = 20  # MinIO's limit

_ACCOUNT_FIELDS = (
    "amqp_user",
    "amqp_password",
    "redis_user",
    "redis_password",
    "s3_access_key",
    "s3_secret_key",
)
_Sections = dict[str, dict[str, str | int | bool]]

_FIELDS_OF_SERVER = {
    "amqp": ("amqp_user", "amqp_password"),
    "redis": ("redis_user", "redis_password"),
    "s3": ("s3_access_key", "s3_secret_key"),
}


@dataclass(frozen=True)
class Account:
    """Names and passwords of one service in the broker, in Redis and in the object store."""

    amqp_user: str
    amqp_password: str
    redis_user: str
    redis_password: str
    s3_access_key: str
    s3_secret_key: str

    @classmethod
    def generate(cls, service: str) -> "Account":
        """Fresh passwords. Access keys end at 20 characters and secret keys at 40 (MinIO's limits)."""
        return cls(
            amqp_user=service,
            amqp_password=secrets.token_urlsafe(30),
            redis_user=service,
            redis_password=secrets.token_urlsafe(30),
            s3_access_key=shorten(f"odamesh-{service}", _LONGEST_ACCESS_KEY),
            s3_secret_key=secrets.token_urlsafe(30),
        )


@dataclass(frozen=True)
class Credentials:
    """Accounts by service name; `admin` is for the set-up and the operator."""

    accounts: Mapping[str, Account]

    def only(self, service: str) -> "Credentials":
        """Return those of one service."""
        return Credentials({service: self.accounts[service]})

    def __getitem__(self, service: str) -> Account:
        return self.accounts[service]


def load_or_generate(path: Path) -> Credentials:
    """Accounts of an earlier set-up; those that are missing are generated."""
    known = read(path).get("accounts", {}) if path.exists() else {}
    accounts = {}
    for service in (*SERVICES, ADMIN):
        try:
            accounts[service] = Account(**{name: known[service][name] for name in _ACCOUNT_FIELDS})
        except KeyError:
            accounts[service] = Account.generate(service)
    return Credentials(accounts)


def read(path: Path) -> dict[str, Any]:
    """Read the file as it stands; SetupProblem if it is not there, not ours to read or damaged."""
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        message = f"{path} does not exist: run `odamesh stack up` first"
    except PermissionError:
        message = f"{path} belongs to another user: run as that user, or set ODAMESH_HOME"
    except tomllib.TOMLDecodeError as error:
        message = f"{path} is damaged ({error}): remove it and run `odamesh stack up`"
    raise SetupProblem(message)


def for_services(credentials: Credentials, endpoints: Endpoints) -> Credentials:
    """Accounts as the services must use them: on a server that the environment names, the account it names."""
    replaced = {}
    for service, account in credentials.accounts.items():
        values = {name: getattr(account, name) for name in _ACCOUNT_FIELDS}
        for server, (user, password) in _FIELDS_OF_SERVER.items():
            if named := endpoints.named.get(server):
                values |= {user: named.user, password: named.password}
        replaced[service] = Account(**values)
    return Credentials(replaced)


def text(credentials: Credentials, endpoints: Endpoints, *, docker_host: str, runner: str) -> str:
    """Return the file's content; generated names and passwords need no TOML escapes, named ones get them.

    Args:
        credentials: the accounts.
        endpoints: the servers.
        docker_host: address of the container engine; empty where units run without one.
        runner: how units run on this stack.
    """
    sections: _Sections = {
        "endpoints": {
            "amqp_host": endpoints.amqp_host,
            "amqp_port": endpoints.amqp_port,
            "amqp_vhost": endpoints.amqp_vhost,
            "amqp_metrics_port": endpoints.amqp_metrics_port,
            "mgmt_url": endpoints.mgmt_url,
            "redis_host": endpoints.redis_host,
            "redis_port": endpoints.redis_port,
            "s3_endpoint": endpoints.s3_endpoint,
            "s3_secure": endpoints.s3_secure,
            "bucket": endpoints.bucket,
            "prometheus_url": endpoints.prometheus_url,
            "alertmanager_url": endpoints.alertmanager_url,
            "docker_host": docker_host,
        },
        "units": {"runner": runner},
    }
    return _document({**sections, **_account_sections(credentials)})


def accounts_text(credentials: Credentials) -> str:
    """Content of the file that keeps the generated accounts."""
    return _document(_account_sections(credentials))


def _account_sections(credentials: Credentials) -> _Sections:
    return {
        f"accounts.{service}": {name: getattr(account, name) for name in _ACCOUNT_FIELDS}
        for service, account in credentials.accounts.items()
    }


def _document(sections: _Sections) -> str:
    lines = ["# Private: written by `odamesh stack up`."]
    for section, values in sections.items():
        lines += ["", f"[{section}]", *(f"{name} = {_toml(value)}" for name, value in values.items())]
    return "\n".join(lines) + "\n"


def _toml(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def write_private(path: Path, content: str, owner: tuple[int, int] | None = None) -> bool:
    """Write a file that only its owner can read, in one step; False if it was already so.

    Args:
        path: Where it goes.
        content: Its text.
        owner: User and group id that it is given to; None = the caller.
    """
    with suppress(FileNotFoundError):
        if path.read_text() == content and owner in (None, (path.stat().st_uid, path.stat().st_gid)):
            return False
    partial = path.with_name(f".{path.name}.new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(content)
    if owner is not None:
        os.chown(partial, *owner)
    partial.replace(path)
    return True
