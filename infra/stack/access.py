"""What the gateway needs to ask callers who they are: its signing keys, and the operator's rules beside them.

The operator's part is ``access.toml`` in the state directory, and may be absent. The keys are generated once, kept in
``signing.toml``, and written with it into one file that the gateway's user alone reads.
"""

import secrets
import tomllib
from pathlib import Path

from gateway.auth.access_file import parse_access
from infra.stack import credentials, users
from infra.stack.layout import Layout
from infra.stack.problem import SetupProblem
from mesh.settings import SettingsError

_KEY_BYTES = 48
_MOST_KEYS = 3
"""Sessions that were signed with an earlier key go on until that key is gone."""


def publish(layout: Layout) -> bool:
    """Write the gateway's access file, with new keys where there are none; False if it was already so.

    Raises:
        SetupProblem: the operator's file has a mistake: what the gateway reads stays as it was.
    """
    keys, salt = _signing(layout)
    _keep(layout, keys, salt)
    operators = _operators_part(layout.access)
    content = f"{operators.rstrip()}\n\n{_signing_text(keys, salt)}".lstrip()
    try:
        parse_access(content, layout.access)
    except SettingsError as error:
        raise SetupProblem(str(error)) from error
    user = users.of("gateway")
    layout.service_credentials.mkdir(exist_ok=True)
    return credentials.write_private(layout.gateway_access, content, (user.uid, user.gid))


def rotate(layout: Layout) -> int:
    """Have sessions signed with a new key from now on; returns how many earlier ones still count.

    The gateway takes it up within seconds, without a restart.
    """
    keys, salt = _signing(layout)
    kept = keys[: _MOST_KEYS - 1]
    _keep(layout, [_new_key(), *kept], salt)
    publish(layout)
    return len(kept)


def _operators_part(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SetupProblem(f"cannot read {path}: {error}") from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SetupProblem(f"{path} is not valid TOML ({error})") from error
    if "signing" in content:
        raise SetupProblem(f"{path}: remove [signing], whose keys the set-up makes")
    return text


def _signing(layout: Layout) -> tuple[list[str], str]:
    """Return keys and salt, generated where there are none."""
    if not layout.signing.exists():
        return [_new_key()], _new_key()
    known = credentials.read(layout.signing).get("signing", {})
    try:
        return [str(key) for key in known["keys"]], str(known["salt"])
    except (KeyError, TypeError):
        raise SetupProblem(f"{layout.signing} is damaged: remove it and run `odamesh stack up`") from None


def _keep(layout: Layout, keys: list[str], salt: str) -> None:
    credentials.write_private(
        layout.signing, f"# Private: written by `odamesh stack up`.\n\n{_signing_text(keys, salt)}"
    )


def _signing_text(keys: list[str], salt: str) -> str:
    # Generated ones need no escapes.
    listed = ", ".join(f'"{key}"' for key in keys)
    return f'[signing]\nkeys = [{listed}]\nsalt = "{salt}"\n'


def _new_key() -> str:
    return secrets.token_urlsafe(_KEY_BYTES)
