"""Keeps the views of jobs that were looked at lately: whoever polls gets the same object until a record has changed."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from mesh.contracts import JobView
from mesh.store.views import view_of_records

_MOST = 500

_Record = Mapping[str, str]


@dataclass(frozen=True)
class _Built:
    records: tuple[_Record, _Record, _Record]
    view: JobView
    waiting: JobView
    """The same with the last reason to wait that was told."""


class BuiltViews:
    """Views by job; safe to share between threads."""

    def __init__(self) -> None:
        self._built: OrderedDict[str, _Built] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, job: _Record, run: _Record, counts: _Record) -> JobView:
        """Return the view that `view_of_records` makes, made anew only where a record is another one than last time."""
        records = (job, run, counts)
        with self._lock:
            built = self._built.get(job["job_id"])
        if built is None or built.records != records:
            view = view_of_records(job, run, counts)
            built = _Built(records, view, view)
            self._keep(job["job_id"], built)
        return built.view

    def waiting(self, view: JobView, reason: str) -> JobView:
        """Return a view with the reason why nothing of its job runs; equal reasons are one object."""
        if reason == view.waits:
            return view
        with self._lock:
            built = self._built.get(view.job_id)
        if built is not None and built.view is view and built.waiting.waits == reason:
            return built.waiting
        told = view.model_copy(update={"waits": reason})
        if built is not None and built.view is view:
            self._keep(view.job_id, _Built(built.records, view, told))
        return told

    def _keep(self, job_id: str, built: _Built) -> None:
        with self._lock:
            self._built[job_id] = built
            self._built.move_to_end(job_id)
            if len(self._built) > _MOST:
                self._built.popitem(last=False)
