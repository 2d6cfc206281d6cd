"""What the processes import is compiled for them; what only analyses import is not."""

import tomllib

from infra.stack import bytecode
from infra.stack.layout import CHECKOUT


def test_what_services_import_is_compiled_and_the_science_stack_is_not() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    names = {one.metadata["Name"].lower() for one in bytecode._needed(project["dependency-groups"]["service"], set())}
    assert {"nameko", "eventlet", "amqp", "pydantic"} <= names
    assert not {"numpy", "scipy", "astropy"} & names
