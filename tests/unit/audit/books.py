"""The documents and records of a small mesh in which everything agrees; tests then spoil one thing."""

from dataclasses import dataclass, field

from mesh.audit.documents import Documents, StoredFile
from mesh.audit.records import Records, RunRecord, UnitRecord
from mesh.contracts import (
    Analysis,
    Job,
    JobEnd,
    Lane,
    Manifest,
    ProductFile,
    ProductInput,
    Resources,
    RunResult,
    Selection,
    StageProduct,
    UnitRow,
)
from mesh.keys import unit_key
from mesh.states import JobState, UnitState

NOW = 1_800_000_000.0
WINDOWS = ("201600270010.001", "201600280010.001")


def manifest(stage: str, label: str, inputs: tuple[ProductInput, ...] = (), salt: str = "") -> Manifest:
    """A manifest under its own key."""
    parameters = {"salt": salt}
    key = unit_key(
        instrument="noop",
        stage=stage,
        image="sha256:1",
        calibration="c",
        parameters=parameters,
        label=label,
        inputs=[entry.model_dump(mode="json") for entry in inputs],
    )
    return Manifest(
        key=key,
        instrument="noop",
        stage=stage,
        label=label,
        parameters=parameters,
        inputs=inputs,
        files=(ProductFile(name="noop.fits", sha256="0" * 64, size=7, media_type="application/fits"),),
        image="sha256:1",
        calibration="c",
        code_version="1",
        started="s",
        finished="f",
        run_id="r1",
        resources=Resources(seconds=1.0, runner="fake", worker="w1"),
    )


@dataclass
class Books:
    """One ended job of two windows, one run that works for a second job; everything can be spoilt."""

    analyses: dict[str, Analysis] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    stored: dict[str, float] = field(default_factory=dict)
    ends: dict[str, JobEnd] = field(default_factory=dict)
    runs: dict[str, RunResult] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    files: dict[str, dict[str, StoredFile]] = field(default_factory=dict)
    evicted: set[str] = field(default_factory=set)
    job_records: dict[str, dict[str, str]] = field(default_factory=dict)
    run_states: dict[str, str] = field(default_factory=dict)
    active: dict[str, RunRecord] = field(default_factory=dict)
    units: dict[str, UnitRecord] = field(default_factory=dict)
    ending: dict[str, float] = field(default_factory=dict)
    released: dict[str, bool] = field(default_factory=dict)
    at_work: set[str] = field(default_factory=set)
    unplanned: set[str] = field(default_factory=set)

    def job(self, job_id: str, salt: str, run_id: str = "") -> Job:
        """Store a job and its request, in the index too."""
        analysis = Analysis(
            instrument="noop", product="noop", selection=Selection(scws=WINDOWS), parameters={"salt": salt}
        )
        job = Job(job_id=job_id, request_key=analysis.key, user="ada", lane=Lane.USER, submitted="s")
        self.analyses[analysis.key], self.jobs[job_id], self.stored[job_id] = analysis, job, NOW - 3000
        self.job_records[job_id] = {"request_key": analysis.key, "run_id": run_id or job_id}
        return job

    def commit(self, made: Manifest) -> Manifest:
        """Store a product."""
        self.manifests[made.key] = made
        self.files[made.key] = {
            "noop.fits": StoredFile(7, NOW - 2000),
            "log.txt": StoredFile(1, NOW - 2000),
            "manifest.json": StoredFile(500, NOW - 2000),
        }
        return made

    def complete(self, job: Job, run_id: str) -> RunResult:
        """End a job with a run of its own."""
        salt = self.analyses[job.request_key].parameters["salt"]
        windows = [self.commit(manifest("window", label, salt=salt)) for label in WINDOWS]
        inputs = tuple(ProductInput(role="window", label=made.label, key=made.key) for made in windows)
        merge = self.commit(manifest("merge", "job", inputs, salt))
        rows = tuple(
            UnitRow(key=made.key, stage=made.stage, label=made.label, state=UnitState.DONE)
            for made in (*windows, merge)
        )
        result = RunResult(
            run_id=run_id,
            request_key=job.request_key,
            state=JobState.COMPLETED,
            started="s",
            finished="f",
            steps={"window": ("begin",), "merge": ("merge",)},
            rows=rows,
            total=len(rows),
            counts={"window": {UnitState.DONE: 2}, "merge": {UnitState.DONE: 1}},
            products=(StageProduct(stage="merge", label="job", key=merge.key, files=merge.files),),
        )
        self.runs[run_id] = result
        self.ends[job.job_id] = JobEnd(job_id=job.job_id, run_id=run_id, state=JobState.COMPLETED, finished="f")
        self.run_states[run_id] = "COMPLETED"
        return result

    def work_for(self, job: Job, run_id: str, silent: float = 1.0) -> RunRecord:
        """Have a run work for a job: one window runs, one waits."""
        rows = (
            UnitRow(key="k1", stage="window", label=WINDOWS[0], state=UnitState.RUNNING),
            UnitRow(key="k2", stage="window", label=WINDOWS[1], state=UnitState.QUEUED),
            UnitRow(key="", stage="merge", label="job", state=UnitState.WAITING),
        )
        record = RunRecord(
            request_key=job.request_key,
            state="EXECUTING",
            jobs=frozenset({job.job_id}),
            rows=rows,
            counts={"window/running": 1, "window/queued": 1, "merge/waiting": 1},
            left={"window": 2, "merge": 1},
            laid_out=True,
            changed=NOW - silent,
            backlog=frozenset({"k2"}),
        )
        self.active[run_id], self.run_states[run_id] = record, "EXECUTING"
        for key, released in (("k1", True), ("k2", False)):
            before = self.units.get(key, UnitRecord(frozenset(), released=released, watched=released))
            self.units[key] = before._replace(runs=before.runs | {run_id})
        return record

    @property
    def documents(self) -> Documents:
        """What the store holds."""
        return Documents(
            analyses=self.analyses,
            jobs=self.jobs,
            stored=self.stored,
            ends=self.ends,
            runs=self.runs,
            manifests=self.manifests,
            files=self.files,
            evicted=frozenset(self.evicted),
        )

    @property
    def records(self) -> Records:
        """What the index says."""
        return Records(
            now=NOW,
            jobs=self.job_records,
            unplanned=frozenset(self.unplanned),
            run_states=self.run_states,
            ending=self.ending,
            active=self.active,
            units=self.units,
            released=self.released,
            at_work=frozenset(self.at_work),
            products=frozenset(self.manifests),
            complete=True,
        )


def books() -> Books:
    """Everything agrees."""
    kept = Books()
    kept.complete(kept.job("j1", "one", "r1"), "r1")
    kept.work_for(kept.job("j2", "two", "r2"), "r2")
    return kept
