"""What an instrument service may ask the container engine: to run its own units as the sandbox says, nothing else.

What is not allowed by name is refused: engines learn new words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesh.runner.engine import INSTRUMENT, WORKSPACE
from mesh.runner.workspace import mark_of

_VERSION = r"(?:/v\d+\.\d+)?"
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
_OPEN = re.compile(rf"{_VERSION}/(?:_ping|version|images/(?!.*\.\.)[A-Za-z0-9_./:@-]+/json)")
_LIST = re.compile(rf"{_VERSION}/containers/json")
_CREATE = re.compile(rf"{_VERSION}/containers/create")
_ONE = re.compile(rf"{_VERSION}/containers/({_NAME})(?:/(json|logs|start|kill|wait))?")
_DEEDS = {"json": "GET", "logs": "GET", "start": "POST", "kill": "POST", "wait": "POST", None: "DELETE"}
_WORDS = {
    "logs": {"stdout", "stderr", "follow", "tail", "timestamps", "since", "until"},
    "kill": {"signal"},
    "wait": {"condition"},
    None: {"v", "link", "force"},
}
_CONTAINER = {"Hostname", "User", "Env", "Cmd", "Image", "Labels", "HostConfig", "WorkingDir", "Volumes"}
_CONTAINER |= {"AttachStdout", "AttachStderr"}
_CONFINED = {
    "NetworkMode": "none",
    "IpcMode": "none",
    "ReadonlyRootfs": True,
    "CapDrop": ["ALL"],
    "SecurityOpt": ["no-new-privileges:true"],
}
_BOUNDED = ("Memory", "MemorySwap", "PidsLimit", "NanoCpus")
_HOST = {*_CONFINED, *_BOUNDED, "Binds", "Ulimits", "LogConfig", "Tmpfs", "Init"}
_PLACES = {"/unit", "/unit/out", "/ctl"}


class Refused(Exception):
    """The engine is not asked; the text says what is not allowed."""


@dataclass(frozen=True)
class Client:
    """One instrument service.

    Args:
        instrument: its name.
        uid: of its user, and of its containers.
        gid: of its user's group.
        work: its work directory.
    """

    instrument: str
    uid: int
    gid: int
    work: Path

    @property
    def labels(self) -> dict[str, str]:
        """What tells its containers from others."""
        return {INSTRUMENT: self.instrument, WORKSPACE: mark_of(self.work)}

    def owns(self, labels: Mapping[str, str] | None) -> bool:
        """Say whether a container with these labels is one of its own."""
        return self.labels.items() <= (labels or {}).items()


@dataclass(frozen=True)
class Question:
    """What is asked: anything open, the list, a new container, or something of one container (`name`)."""

    kind: str
    name: str = ""


def question(method: str, path: str, words: set[str]) -> Question:
    """Return what a request asks.

    Args:
        method: of the request.
        path: decoded, without the query.
        words: names in the query.

    Raises:
        Refused: nothing that an instrument service needs.
    """
    if method in ("GET", "HEAD") and _OPEN.fullmatch(path) and not words:
        return Question("open")
    if method == "GET" and _LIST.fullmatch(path) and words <= {"all", "filters", "limit", "size", "trunc_cmd"}:
        return Question("list")
    if method == "POST" and _CREATE.fullmatch(path) and words <= {"name"}:
        return Question("create")
    if (one := _ONE.fullmatch(path)) and _DEEDS[one[2]] == method and words <= _WORDS.get(one[2], set()):
        return Question("one", one[1])
    raise Refused(f"{method} {path} is nothing that an instrument service needs")


def check_container(body: Mapping[str, Any], name: str, client: Client) -> str:
    """Check what a new container would be; return its image.

    Raises:
        Refused: it could do more than compute in a unit's directory.
    """
    _only(body, _CONTAINER, "")
    if not name.startswith("odamesh-"):
        raise Refused("the names of our containers begin with odamesh-")
    if body.get("User") != f"{client.uid}:{client.gid}":
        raise Refused(f"User must be {client.uid}:{client.gid}")
    if not client.owns(body.get("Labels")):
        raise Refused(f"Labels must hold {client.labels}")
    host = body.get("HostConfig") or {}
    _only(host, _HOST, "HostConfig.")
    for key, wanted in _CONFINED.items():
        if host.get(key) != wanted:
            raise Refused(f"HostConfig.{key} must be {wanted}")
    for key in _BOUNDED:
        if not (isinstance(bound := host.get(key), int) and bound > 0):
            raise Refused(f"HostConfig.{key} must be a limit")
    _check_log(host.get("LogConfig") or {})
    _check_tmpfs(host.get("Tmpfs") or {})
    for bind in host.get("Binds") or ():
        _check_bind(str(bind), client.work)
    return str(body.get("Image", ""))


def _only(given: Mapping[str, Any], known: set[str], where: str) -> None:
    # Empty values are what clients send for what they do not ask for.
    if unknown := sorted(key for key, value in given.items() if value and key not in known):
        raise Refused(f"{where}{unknown[0]} is not allowed")


def _check_log(log: Mapping[str, Any]) -> None:
    if log.get("Type") != "json-file" or set(log.get("Config") or {}) != {"max-size", "max-file"}:
        raise Refused("HostConfig.LogConfig must be json-file with max-size and max-file")


def _check_tmpfs(mounts: Mapping[str, str]) -> None:
    for place, options in mounts.items():
        if place != "/tmp" or not {"noexec", "nosuid", "nodev"} <= set(options.split(",")):  # noqa: S108
            raise Refused("HostConfig.Tmpfs may be /tmp alone, noexec, nosuid and nodev")


def _check_bind(bind: str, work: Path) -> None:
    """Check one mount.

    The service could put a link in the directory's place later. That leads its container, which is the same user and
    can gain no right, to nothing that the service could not open itself.
    """
    source, _, rest = bind.partition(":")
    place, _, mode = rest.partition(":")
    path = Path(source)
    inside = path.is_absolute() and ".." not in path.parts and path != work and path.is_relative_to(work)
    if not inside or place not in _PLACES or mode not in ("ro", "rw"):
        raise Refused(f"{bind} is no directory of a unit: mounts lie below {work}")
    if path.resolve() != work.resolve() / path.relative_to(work):
        raise Refused(f"{source} leads elsewhere")
