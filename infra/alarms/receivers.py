"""The operator's ``alarms.toml``: to whom alarms go. It may be absent: then they are shown and go to nobody.

```toml
page = ["https://pager.example.org/hooks/odamesh"]    # somebody has to look now
ticket = ["https://tickets.example.org/hooks/odamesh"]  # somebody has to look on the next working day
```
"""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, HttpUrl, ValidationError

from infra.stack.problem import SetupProblem


def _plain(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        msg = "give an address without a name and a password in it: the file of Alertmanager is not the place for them"
        raise ValueError(msg)
    return url


Address = Annotated[HttpUrl, AfterValidator(_plain)]


class Receivers(BaseModel):
    """Addresses to which Alertmanager posts, as its webhook format says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    page: tuple[Address, ...] = ()
    """Of alarms for which somebody has to be woken."""
    ticket: tuple[Address, ...] = ()
    """Of those that can wait until the next working day."""


def read_receivers(path: Path) -> Receivers:
    """Return the receivers that a file names; none where there is no file.

    Raises:
        SetupProblem: it has a mistake; the text names the entry.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        return Receivers.model_validate(entries)
    except FileNotFoundError:
        return Receivers()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SetupProblem(f"cannot read {path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SetupProblem(f"{path}: {place}: {first['msg']}") from error
