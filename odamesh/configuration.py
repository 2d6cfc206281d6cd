"""What a user of the client sets once: environment variables, else ``~/.config/odamesh.toml`` with `url` and `user`."""

import os
import tomllib
from pathlib import Path
from typing import Literal

from odamesh.errors import WrongValue

_VARIABLES = {"url": "ODAMESH_URL", "user": "ODAMESH_USER"}


def configuration_file() -> Path:
    """Return where the file is, whether or not there is one."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "odamesh.toml"


def configured(name: Literal["url", "user"]) -> str | None:
    """Return a setting, or None where neither the environment nor the file has it.

    Raises:
        WrongValue: the file is not TOML, has another key, or a value that is no text.
    """
    if text := os.environ.get(_VARIABLES[name]):
        return text
    file = configuration_file()
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise WrongValue(f"{file} cannot be read: {error}") from error
    wrong = [key for key, value in content.items() if key not in _VARIABLES or not isinstance(value, str)]
    if wrong:
        raise WrongValue(f'{file}: {", ".join(wrong)} is not known; it may hold url = "..." and user = "..."')
    return content.get(name)
