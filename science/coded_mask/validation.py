"""What the validation of one event file found, and what was done about it, in words."""

from dataclasses import dataclass, field

from mesh.kit import BadInput

FETCH = "fetch the file from the archive again"
_MOST_LOST = 0.05
"""Share of events without a valid time, place or energy from which a file cannot be trusted: fluxes lack as much."""


@dataclass
class Validation:
    """The record of one file.

    Args:
        file: its name, for messages.
        report: every finding in a sentence, for the summary of the unit.
        warnings: those that the caller has to know.
    """

    file: str
    report: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Record a finding that is as it should be, or harmless."""
        if text not in self.report:
            self.report.append(text)

    def warn(self, text: str) -> None:
        """Record a finding that the caller has to know."""
        self.note(text)
        if text not in self.warnings:
            self.warnings.append(text)

    def damaged(self, text: str) -> BadInput:
        """Return the error of a file that cannot be trusted; *text* goes on after its name."""
        return BadInput("ScWDataCorrupted", f"{self.file} {text}; {FETCH}")

    def lost(self, events: int, total: int, lack: str) -> None:
        """Say that some events are no use; fluxes are too low by their share.

        Args:
            events: how many.
            total: events in the file.
            lack: what they lack, such as "a valid time".

        Raises:
            BadInput: ScWDataCorrupted: they are too many.
        """
        if not events:
            return
        if events > _MOST_LOST * total:
            raise self.damaged(f"has {events} of {total} events without {lack}: fluxes would lack as much")
        self.warn(f"{counted(events, 'event')} of {total} without {lack} left out; fluxes lack as much")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not 1."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
