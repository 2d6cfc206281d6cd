"""Changes of what is known of an event, each of which can be made again; pure."""

from collections.abc import Callable

from mesh.contracts.alert import AlertCommand, AlertEvent, AlertJob, Receipt

Change = Callable[[AlertEvent], AlertEvent]


def unchanged(event: AlertEvent) -> AlertEvent:
    """Return the event as it is."""
    return event


def taking(receipt: Receipt | None, command: AlertCommand | None) -> Change:
    """Return what makes a receipt and a command part of their event, once; a command only where there is a notice."""

    def take(event: AlertEvent) -> AlertEvent:
        if receipt is not None and all(one.receipt_id != receipt.receipt_id for one in event.receipts):
            event = event.model_copy(update={"receipts": (*event.receipts, receipt)})
        if command is None or not event.receipts:
            return event
        if all(one.command_id != command.command_id for one in event.commands):
            event = event.model_copy(update={"commands": (*event.commands, command)})
        return event

    return take


def with_jobs(worked: tuple[AlertJob, ...]) -> Change:
    """Return what notes jobs as they are after the work; one that was begun anew meanwhile stays."""
    done = {(job.signature, job.attempt): job for job in worked}

    def note(event: AlertEvent) -> AlertEvent:
        jobs = tuple(done.get((job.signature, job.attempt), job) for job in event.jobs)
        return event.model_copy(update={"jobs": jobs})

    return note
