"""An operator's wish to have a dead letter sent again."""

from typing import ClassVar

from mesh.contracts.document import Document


class SendAgain(Document):
    """Message on ``mesh.requests``, routing key ``again.letter``: give a letter back to where it came from."""

    SCHEMA: ClassVar[str] = "odamesh.send-again/1"

    queue: str
    """Where it lies."""
    letter_id: str
