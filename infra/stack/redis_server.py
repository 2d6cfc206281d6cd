"""Redis, append-only, with one account per service."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from infra.redis import access
from infra.stack.credentials import ADMIN, write_private
from infra.stack.endpoints import LOOPBACK
from infra.stack.server import Server


class RedisServer(Server):
    """State, index and locks of the mesh; may be rebuilt from the object store."""

    name = "redis"
    packages = ("redis-server",)
    ready_within_s = 30.0

    @property
    def address(self) -> str:  # noqa: D102
        return f"{self.endpoints.redis_host}:{self.endpoints.redis_port}"

    @property
    def named_by(self) -> str:  # noqa: D102
        named = self.endpoints.named.get("redis")
        return named.variable if named else ""

    @property
    def ports(self) -> Mapping[str, int]:  # noqa: D102
        return {"ODAMESH_REDIS_PORT": self.endpoints.redis_port}

    def version(self) -> str | None:  # noqa: D102
        try:
            with self._client() as client:
                return str(client.info("server")["redis_version"])
        except redis.RedisError:
            return None

    def prepare(self) -> None:  # noqa: D102
        self.own_directory()
        write_private(self._configuration_file, self._configuration(), self.owner())
        write_private(self._access_list, self._accounts(), self.owner())

    def launch(self) -> None:  # noqa: D102
        self.spawn(["redis-server", self._configuration_file], {})

    def configure(self) -> None:
        """Bring the accounts of our own server up to date."""
        if not self.named_by and write_private(self._access_list, self._accounts(), self.owner()):
            with self._client() as client:
                client.acl_load()

    @property
    def _configuration_file(self) -> Path:
        return self.directory / "redis.conf"

    @property
    def _access_list(self) -> Path:
        return self.directory / "users.acl"

    def _configuration(self) -> str:
        settings = {
            "bind": LOOPBACK,
            "port": self.endpoints.redis_port,
            "dir": self.directory,
            "aclfile": self._access_list,
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "everysec",
            # A write cut off by a crash ends the file: what came before it is used.
            "aof-load-truncated": "yes",
            "save": '""',
            # State must never be evicted silently: a full server refuses writes.
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def _accounts(self) -> str:
        # Nobody can be it, but the server itself is when it reads its file: without rights it would leave out every
        # transaction, and with them all that the scripts wrote.
        lines = ["user default off resetpass ~* &* +@all"]
        for service, account in self.credentials.accounts.items():
            digest = sha256(account.redis_password.encode()).hexdigest()
            lines.append(f"user {account.redis_user} on #{digest} {access.rules(service)}")
        return "\n".join(lines) + "\n"

    def _client(self) -> redis.Redis:
        named = self.endpoints.named.get("redis")
        admin = self.credentials[ADMIN]
        return redis.Redis(
            self.endpoints.redis_host,
            self.endpoints.redis_port,
            username=(named.user or None) if named else admin.redis_user,
            password=(named.password or None) if named else admin.redis_password,
            socket_connect_timeout=2,
            socket_timeout=5,
            retry=Retry(NoBackoff(), 0),  # who waits for the server asks again itself
        )
