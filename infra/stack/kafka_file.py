"""Gives the transports the operator's ``kafka.toml``, which may be absent; it has secrets, so others cannot read it."""

from infra.stack import credentials, users
from infra.stack.layout import Layout
from infra.stack.problem import SetupProblem
from mesh.settings import SettingsError
from services.transports.kafka.settings import parse_kafka


def publish(layout: Layout) -> bool:
    """Write the file that the transports read, and read again when it changes; False if it was already so.

    Raises:
        SetupProblem: the operator's file has a mistake: what the transports read stays as it was.
    """
    try:
        text = layout.kafka.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise SetupProblem(f"cannot read {layout.kafka}: {error}") from error
    try:
        parse_kafka(text, layout.kafka)
    except SettingsError as error:
        raise SetupProblem(str(error)) from error
    user = users.of("transports")
    layout.service_credentials.mkdir(exist_ok=True)
    return credentials.write_private(layout.transports_kafka, text, (user.uid, user.gid))
