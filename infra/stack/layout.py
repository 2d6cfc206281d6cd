"""Where the stack keeps its state, its logs and what it built."""

import os
from dataclasses import dataclass
from pathlib import Path

from infra.stack.problem import SetupProblem
from infra.stack.short_names import shorten

CHECKOUT = Path(__file__).resolve().parent.parent.parent

# Unix socket paths end at 107 bytes; the engine adds up to 40 to our own directory.
_LONGEST_HOME = 64
_LONGEST_SOCKET = 24


@dataclass(frozen=True)
class Layout:
    """Directories of one stack.

    `home` holds state that must survive (ODAMESH_HOME, default /var/lib/odamesh for root);
    `cache` holds what can be built again (ODAMESH_CACHE, default /var/cache/odamesh for root).
    """

    home: Path
    cache: Path

    @classmethod
    def from_environment(cls) -> "Layout":
        """Directories that the environment names, else the defaults of this user."""
        if os.geteuid() == 0:
            home, cache = Path("/var/lib/odamesh"), Path("/var/cache/odamesh")
        else:
            home, cache = Path.home() / ".local/share/odamesh", Path.home() / ".cache/odamesh"
        home = Path(os.environ.get("ODAMESH_HOME", home)).absolute()
        cache = Path(os.environ.get("ODAMESH_CACHE", cache)).absolute()
        if len(str(home)) > _LONGEST_HOME:
            message = f"ODAMESH_HOME={home} is too long for Unix sockets: choose at most {_LONGEST_HOME} characters"
            raise SetupProblem(message)
        return cls(home, cache)

    @property
    def engine(self) -> "Layout":
        """Where a container engine of our own lives (ODAMESH_ENGINE_HOME, default below the cache).

        Stacks on one machine share it, because images are the slowest thing to build.
        """
        home = Path(os.environ.get("ODAMESH_ENGINE_HOME", self.cache / "engine")).absolute()
        return Layout(home, self.cache)

    @property
    def run(self) -> Path:
        """Pid files and sockets."""
        return self.home / "run"

    @property
    def log(self) -> Path:
        """Output of every process."""
        return self.home / "log"

    @property
    def work(self) -> Path:
        """Unit directories of the instrument services."""
        return self.home / "work"

    @property
    def credentials(self) -> Path:
        """Addresses and passwords of all accounts, for the operator alone."""
        return self.home / "credentials.toml"

    @property
    def service_credentials(self) -> Path:
        """Directory with a file for each service: the servers and its own account, readable by its user alone."""
        return self.home / "credentials"

    @property
    def gates(self) -> Path:
        """Directory with the sockets at which instrument services reach the engine."""
        return self.run / "engine"

    def gate(self, instrument: str) -> Path:
        """Socket at which one instrument service reaches the engine."""
        return self.gates / f"{shorten(instrument, _LONGEST_SOCKET)}.sock"

    @property
    def accounts(self) -> Path:
        """Generated accounts, kept even while the environment names other servers."""
        return self.home / "accounts.toml"

    @property
    def access(self) -> Path:
        """The operator's part of who may call; may be absent."""
        return self.home / "access.toml"

    @property
    def alarms(self) -> Path:
        """The operator's word to whom alarms go; may be absent."""
        return self.home / "alarms.toml"

    @property
    def edge(self) -> Path:
        """What nginx reads and writes as the edge, where the operator has asked for one."""
        return self.home / "edge"

    @property
    def edge_address(self) -> Path:
        """Name and port of the edge, whose certificate is watched; absent where there is none."""
        return self.edge / "address"

    @property
    def signing(self) -> Path:
        """The gateway's generated signing keys."""
        return self.home / "signing.toml"

    @property
    def gateway_access(self) -> Path:
        """Both together, readable by the gateway's user alone."""
        return self.service_credentials / "gateway-access.toml"

    @property
    def kafka(self) -> Path:
        """The operator's word on Kafka; may be absent."""
        return self.home / "kafka.toml"

    @property
    def transports_kafka(self) -> Path:
        """The same, readable by the user of the transports alone."""
        return self.service_credentials / "transports-kafka.toml"

    @property
    def images(self) -> Path:
        """Ids of the analysis images."""
        return self.home / "images.toml"

    def make(self) -> None:
        """Create the directories; SetupProblem where that is not allowed."""
        try:
            for directory in (self.home, self.run, self.log, self.work, self.cache):
                directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"cannot create {error.filename}: {error.strerror}; set ODAMESH_HOME and ODAMESH_CACHE"
            raise SetupProblem(message) from error
