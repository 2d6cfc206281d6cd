"""Tokens that `odamesh login` keeps: one for each gateway, in a file that its user alone reads."""

import json
import os
import tomllib
from collections.abc import Generator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from odamesh.configuration import configuration_file
from odamesh.errors import WrongValue

VARIABLE = "ODAMESH_TOKEN"


def tokens_file() -> Path:
    """Return where the file is, whether or not there is one."""
    return configuration_file().with_name("odamesh-tokens.toml")


def token_for(url: str) -> str | None:
    """Return the token for a gateway: that of the environment, else what `odamesh login` kept; None: there is none.

    Raises:
        WrongValue: the file cannot be read.
    """
    if text := os.environ.get(VARIABLE, "").strip():
        return text
    return _kept().get(_place(url))


def keep_token(url: str, token: str | None) -> bool:
    """Keep a token for a gateway, or forget it (None); says whether there was another one.

    Raises:
        WrongValue: the file cannot be read.
    """
    kept = dict(_kept())
    before = kept.pop(_place(url), None)
    if token is not None:
        kept[_place(url)] = token
    elif before is None:
        return False
    file = tokens_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write("# Private: written by `odamesh login`.\n")
        # What JSON escapes, TOML reads.
        stream.writelines(f"{json.dumps(place)} = {json.dumps(text)}\n" for place, text in sorted(kept.items()))
    partial.replace(file)
    return before is not None


class SendToken(httpx.Auth):
    """Sends a token to one gateway, and to nobody else: not to the store to which a download leads.

    Args:
        url: address of the gateway.
        token: sent in the header ``Authorization``.
    """

    def __init__(self, url: str, token: str) -> None:
        self._origin = _origin(url)
        self._header = f"Bearer {token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        if _origin(str(request.url)) == self._origin:
            request.headers["Authorization"] = self._header
        yield request


def _kept() -> Mapping[str, str]:
    file = tokens_file()
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise WrongValue(f"{file} cannot be read ({error}): remove it, and run `odamesh login` again") from error
    return {place: text for place, text in content.items() if isinstance(text, str)}


def _place(url: str) -> str:
    """Return what stands for a gateway: its address without a path's end."""
    parts = urlsplit(url)
    return f"{_origin(url)}{parts.path.rstrip('/')}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"
