"""The text of a log from the events of its stream."""

from collections.abc import Iterable, Iterator

from odamesh.event_stream import Event


def log_lines(events: Iterable[Event]) -> Iterator[str]:
    """Yield the pieces of a log, and a line in brackets for each change of its unit and for what is left out."""
    whole_line = True
    told = ""
    for event in events:
        note = ""
        match event.name:
            case "log":
                if event.data["left_out"]:
                    yield _line(f"{event.data['left_out']} bytes left out", whole_line)
                    whole_line = True
                if text := event.data["text"]:
                    yield text
                    whole_line = text.endswith("\n")
            case "state":
                step = f", {event.data['step']}" if event.data["step"] else ""
                note = f"{event.data['state']}{step}"
            case "end":
                failure = event.data["failure"]
                note = f"{event.data['state']}: {failure['reason']}: {failure['text']}" if failure else ""
            case _:
                pass  # A kind of event that a newer gateway added.
        # A stream that was taken up again repeats where the unit stands.
        if note and note != told:
            yield _line(note, whole_line)
            told, whole_line = note, True


def _line(text: str, whole_line: bool) -> str:
    return f"{'' if whole_line else chr(10)}[{text}]\n"
