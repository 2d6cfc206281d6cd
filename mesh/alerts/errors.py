"""Why a message is not taken as a notice, in one tree; each door turns it into the words of its protocol.

mesh.errors.MeshError
└── NoticeRefused
    ├── Malformed       it cannot be read at all
    ├── NotUsable       it can be read, but names no event, or no time
    ├── TooLarge        its sky map is larger than any that is analysed
    └── UnknownFormat   it is nothing that is read here
"""

from mesh.errors import MeshError


class NoticeRefused(MeshError):
    """The message is no notice that can be acted on.

    Args:
        text: what is wrong and what to do, for a person.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Malformed(NoticeRefused):
    """The syntax is broken.

    Args:
        text: see `NoticeRefused`.
        line: from 1, where it is known.
        offset: column in the line from 1, or of bytes the place from 0, where it is known.
    """

    def __init__(self, text: str, *, line: int | None = None, offset: int | None = None) -> None:
        places = [f"line {line}"] if line is not None else []
        places += [f"{'column' if line is not None else 'byte'} {offset}"] if offset is not None else []
        super().__init__(f"{text} ({', '.join(places)})" if places else text)
        self.line = line
        self.offset = offset


class NotUsable(NoticeRefused):
    """There is no id of an event, or no time where one is needed."""


class TooLarge(NoticeRefused):
    """The sky map has more pixels, or more bytes, than are analysed."""


class UnknownFormat(NoticeRefused):
    """Neither XML, nor JSON, nor Avro."""
