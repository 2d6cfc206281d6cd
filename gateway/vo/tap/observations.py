"""The rows of ObsCore: the files that the caller's jobs made."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from gateway.archive import GatewayArchive
from gateway.known_requests import KnownRequests
from gateway.uws.family import Family
from gateway.vo.tap.coverage import Coverage, coverage_of
from mesh.contracts import JobView, ProductFile, StageProduct
from mesh.errors import NotFound
from mesh.instruments import instruments
from mesh.intake import Caller, Intake
from mesh.states import JobState

MOST_JOBS = 2000
"""Of the newest jobs of a caller so many are in the tables."""
AUTHORITY = "ivo://odamesh"
_PAGE = 100
_FILES_A_JOB = 500
_KEPT_JOBS = 5000
_SECONDS_IN_AN_ARCMIN = 60.0
_TYPES = {"lc": "timeseries", "image": "image", "spectrum": "spectrum", "events": "event", "background": "image"}
_MEASURED = {"image": "phot.flux", "spectrum": "phot.flux;em", "timeseries": "phot.count", "event": "phot.count"}
_RESOLUTION_ARCMIN = {"isgri": 12.0, "jemx": 3.35}

Row = tuple[Any, ...]


class Observations:
    """The rows, kept for each job that has ended: what it made does not change.

    Args:
        intake: knows the jobs, and who may see them.
        requests: knows what they were asked for.
        archive: tells where and when science windows are.
    """

    def __init__(self, intake: Intake, requests: KnownRequests, archive: GatewayArchive) -> None:
        self._intake = intake
        self._requests = requests
        self._archive = archive
        self._known: OrderedDict[str, list[Row]] = OrderedDict()

    def rows(self, caller: Caller, root: str) -> Iterator[Row]:
        """Yield a value for each column of each file; newest jobs first.

        Args:
            caller: whose jobs.
            root: address of the gateway.

        Raises:
            NotAllowed: the caller has no list of jobs.
        """
        before: str | None = None
        for _ in range(MOST_JOBS // _PAGE):
            page = self._intake.jobs(caller, limit=_PAGE, before=before)
            for view in page:
                if view.state is JobState.COMPLETED:
                    yield from self.of_job(view, caller, root)
            if len(page) < _PAGE:
                return
            before = page[-1].job_id

    def of_job(self, view: JobView, caller: Caller, root: str) -> list[Row]:
        """Return the rows of one job that has completed and that the caller may see."""
        key = f"{root} {view.job_id}"
        found = self._known.get(key)
        if found is None:
            try:
                found = list(self._made(view, caller, root))
            except NotFound:
                return []  # deleted in this moment
            self._known[key] = found
            while len(self._known) > _KEPT_JOBS:
                self._known.popitem(last=False)
        return found

    def coverage(self, view: JobView) -> Coverage:
        """Return what a job covers."""
        instrument = instruments().get(view.instrument)
        if instrument is None or view.product not in instrument.products:
            return Coverage()
        return coverage_of(self._requests(view.request_key), instrument, self._archive)

    def _made(self, view: JobView, caller: Caller, root: str) -> Iterator[Row]:
        instrument = instruments().get(view.instrument)
        if instrument is None or view.product not in instrument.products:
            return
        family = Family(instrument, view.product, root)
        whole = self._intake.look(view.job_id, caller)
        coverage = self.coverage(view)
        for product in self._intake.result(whole, 0, _FILES_A_JOB):
            for file in product.files:
                if file.name.endswith((".fits", ".fits.gz")):
                    bin_s = self._requests(view.request_key).parameters.get("time_bin")
                    yield _row(family, whole, product, file, coverage, bin_s=bin_s)


def _row(
    family: Family, view: JobView, product: StageProduct, file: ProductFile, coverage: Coverage, *, bin_s: float | None
) -> Row:
    kind = _TYPES.get(view.product.rpartition("_")[2])
    circle = coverage.circle
    mission = "POLAR" if view.instrument == "polar" else "INTEGRAL"
    title = f"{family.instrument.products[view.product].title}: {file.name}"
    resolution = _RESOLUTION_ARCMIN.get(view.instrument)
    return (
        *(kind, 3, mission, view.job_id, did(view.job_id, product, file)),
        *(family.file_address(view, product, file), file.media_type, -(-file.size // 1000)),
        view.labels[0] if view.labels else None,
        *((circle.ra, circle.dec, 2 * circle.radius, region(*circle)) if circle else (None,) * 4),
        *(resolution * _SECONDS_IN_AN_ARCMIN if resolution else None, None, None),
        *(coverage.t_min, coverage.t_max, coverage.seconds),
        *(bin_s if kind == "timeseries" else None, None),
        *(coverage.em_min, coverage.em_max, None, coverage.bands),
        *(_MEASURED.get(kind or ""), None, None, mission, family.instrument.title),
        *(view.product, title, (view.finished or view.submitted).rstrip("Z")),
    )


def did(job_id: str, product: StageProduct, file: ProductFile) -> str:
    """Return the identifier of a file."""
    return f"{AUTHORITY}/{job_id}?{product.stage}/{product.label}/{file.name}"


def region(ra: float, dec: float, radius: float) -> str:
    """Return a circle as text (DALI 1.1, section 3.3.6, with its kind before)."""
    return f"CIRCLE {ra!r} {dec!r} {radius!r}"
