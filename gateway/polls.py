"""Answers those who ask again and again where jobs stand: one read for all who ask at once, one text for each state."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping

from mesh.contracts import JobView
from mesh.intake import Caller, Intake
from mesh.intake.caller import check_look

_MOST_TEXTS = 1000
_LONGEST_TEXT = 256 * 1024
"""Longer ones are written anew each time: they are few, and a thousand of them would be a gigabyte."""


class Polls:
    """Looks at jobs; belongs to one event loop.

    Args:
        intake: answers for jobs that the common read does not tell of.
        read: returns those of several jobs that exist, each as the same object until it has changed.
    """

    def __init__(self, intake: Intake, read: Callable[[list[str]], Mapping[str, JobView]]) -> None:
        self._intake = intake
        self._read = read
        self._waiting: dict[str, asyncio.Future[JobView | None]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._texts: OrderedDict[tuple[str, str], tuple[JobView, bytes]] = OrderedDict()

    async def look(self, job_id: str, caller: Caller) -> JobView:
        """Return a job as it is at some moment after this call.

        Raises:
            NotFound, Deleted, StoreUnavailable: as `Intake.look`.
        """
        view = await self._together(job_id) if Intake.is_job_id(job_id) else None
        if view is None:
            return await asyncio.to_thread(self._intake.look, job_id, caller)
        check_look(caller, view)
        return view

    async def text(self, job_id: str, caller: Caller, base: str, write: Callable[[str, JobView], bytes]) -> bytes:
        """Return a job as *write* tells it, which is called once for each of its states.

        Args:
            job_id: the job.
            caller: who asks.
            base: first argument of *write*: the text depends on it and on the view alone.
            write: makes the text.

        Raises:
            NotFound, Deleted, StoreUnavailable: as `Intake.look`.
        """
        view = await self.look(job_id, caller)
        kept = self._texts.get((base, job_id))
        if kept is not None and kept[0] is view:
            return kept[1]
        text = write(base, view)
        if len(text) <= _LONGEST_TEXT:
            self._texts[base, job_id] = view, text
            self._texts.move_to_end((base, job_id))
            if len(self._texts) > _MOST_TEXTS:
                self._texts.popitem(last=False)
        return text

    async def _together(self, job_id: str) -> JobView | None:
        """Return a job with the next read that begins: one that is under way may be older than the question."""
        if (future := self._waiting.get(job_id)) is None:
            future = self._waiting[job_id] = asyncio.get_running_loop().create_future()
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._serve())
        # Others wait for it too: who goes away takes it from nobody.
        return await asyncio.shield(future)

    async def _serve(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting, {}
            try:
                found = await asyncio.to_thread(self._read, list(asked))
            except BaseException as error:
                for future in asked.values():
                    future.set_exception(error)
                    future.exception()  # nobody may be there any more to look at it
                if not isinstance(error, Exception):
                    raise
            else:
                for job_id, future in asked.items():
                    future.set_result(found.get(job_id))
