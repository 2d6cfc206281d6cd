"""Counts what was lost and what was done twice, from documents, manifests and the record of events of each job."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from mesh.contracts import UnitRow
from mesh.errors import EventsLost, NotFound
from mesh.states import UnitState, job_is_final, unit_is_final
from mesh.store import names
from mesh.store.connect import redis_client
from mesh.store.jobs import Jobs
from mesh.store.objects import Objects
from mesh.store.products import Products
from mesh.store.requests import Requests
from tests.chaos.drill import Expected
from tests.chaos.ground import Ground

_GOOD = (UnitState.DONE, UnitState.CACHED)


@dataclass
class Tally:
    """What is wrong with some jobs; nothing, one hopes."""

    lost: int = 0
    doubled: int = 0
    complaints: list[str] = field(default_factory=list)

    def lose(self, number: int, text: str) -> None:
        """Count something that should be there and is not."""
        if number:
            self.lost += number
            self.complaints.append(text)

    def double(self, number: int, text: str) -> None:
        """Count something that is there more than once."""
        if number:
            self.doubled += number
            self.complaints.append(text)


def tally(ground: Ground, *expected: Expected) -> Tally:
    """Compare what became of jobs with what must have; reads the store, not what the mesh says of itself."""
    connections = ground.connections
    objects, index = Objects(connections.store), redis_client(connections.redis)
    requests, jobs, products = Requests(objects), Jobs(objects, index), Products(objects, index)
    found = Tally()
    for one in expected:
        rows = _documents(requests, one, found)
        _rows(one, rows, found)
        for row in rows:
            if row.state in _GOOD:
                _product(objects, products, row, found)
        _told(jobs, one, found)
    index.close()
    return found


def _documents(requests: Requests, one: Expected, found: Tally) -> tuple[UnitRow, ...]:
    """Look for the end of the job and the outcome of its run."""
    job_id = one.job.id
    try:
        end = requests.end(job_id)
    except NotFound:
        found.lose(1, f"job {job_id} is {one.job.state} and has no end in the store")
        return ()
    if end.state is not one.state:
        found.lose(1, f"job {job_id} ended as {end.state}, not {one.state}: {one.job.view.failure}")
    try:
        return requests.result(end.run_id).rows if end.run_id else ()
    except NotFound:
        found.lose(1, f"run {end.run_id} of job {job_id} has no outcome in the store")
        return ()


def _rows(one: Expected, rows: tuple[UnitRow, ...], found: Tally) -> None:
    """Every unit is there once, and has ended as it must."""
    counts = Counter(row.state for row in rows)
    good = sum(counts[state] for state in _GOOD)
    shown = {state.value: number for state, number in counts.items()}
    found.lose(max(0, one.good - good), f"job {one.job.id}: {good} good units, not {one.good}: {shown}")
    found.double(max(0, good - one.good), f"job {one.job.id}: {good} good units, only {one.good} asked for: {shown}")
    failed = counts[UnitState.FAILED]
    found.lose(abs(one.failed - failed), f"job {one.job.id}: {failed} failed units, not {one.failed}: {shown}")
    open_rows = sum(not unit_is_final(row.state) for row in rows)
    found.lose(open_rows, f"job {one.job.id} ended with {open_rows} units that have not")
    planned = [row.key for row in rows if row.key]  # a run that was cancelled at once may not have got that far
    for what, names_of in (("row", [(row.stage, row.label) for row in rows]), ("product", planned)):
        more = len(names_of) - len(set(names_of))
        found.double(more, f"job {one.job.id}: {more} units have the {what} of another")


def _product(objects: Objects, products: Products, row: UnitRow, found: Tally) -> None:
    """The product of a unit is complete, byte for byte."""
    manifest = products.read(row.key)
    if manifest is None:
        found.lose(1, f"unit {row.stage}/{row.label} is {row.state.value} but has no manifest")
        return
    for file in manifest.files:
        try:
            content = objects.get(names.product_object(row.key, file.name))
        except NotFound as error:
            found.lose(1, f"unit {row.stage}/{row.label} is {row.state.value}: {error}")
            continue
        if hashlib.sha256(content).hexdigest() != file.sha256:
            found.lose(1, f"{row.key[:12]}/{file.name} is damaged")


def _told(jobs: Jobs, one: Expected, found: Tally) -> None:
    """Callers were told of each end once."""
    run_id = jobs.run_of(one.job.id)
    if run_id is None:
        return
    ends: Counter[tuple[str, str]] = Counter()
    try:
        told = jobs.events(run_id, limit=100_000)
    except EventsLost:
        # Redis was emptied when the run had ended: nobody can count any more what was told.
        return
    for _, event in told:
        if event["type"] == "unit":
            name, state = (event["row"]["stage"], event["row"]["label"]), UnitState(event["row"]["state"])
            if state is UnitState.WAITING:
                del ends[name]  # planned anew, as the caller was told
            elif unit_is_final(state):
                ends[name] += 1
        elif event["type"] == "run" and job_is_final(event["state"]):
            ends["run", run_id] += 1
    for name, number in ends.items():
        found.double(number - 1, f"callers of job {one.job.id} were told {number} times of the end of {'/'.join(name)}")
