"""What came of a run: its state, its products, and a sentence for everything that did not work."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from mesh.contracts import Failure, RowPage, RunResult, StageProduct, UnitRow
from mesh.contracts.result import ROWS_A_PAGE, SHOWN_PRODUCTS, SHOWN_WARNINGS
from mesh.instrument import Instrument
from mesh.states import FailureKind, JobState, UnitState
from mesh.store.products import ProductEntry
from mesh.store.requests import Requests
from mesh.store.runs import Run, Runs
from services.dispatcher.plan import GOOD, JOB_LABEL, NO_INPUTS

_SHOWN_REASONS = 3
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")


class _Alike:
    """Warnings of windows that differ by their numbers alone: the first is told, further windows are counted."""

    def __init__(self, row: UnitRow, text: str) -> None:
        self._first = self._last = row
        self._text = text
        self._more = 0

    def add(self, row: UnitRow) -> None:
        """Count the window of one more; windows of a later stage repeat those of the first."""
        if row.stage == self._first.stage and row.label != self._last.label:
            self._more += 1
            self._last = row

    def __str__(self) -> str:
        more = f" and {self._more} more" if self._more else ""
        return f"{self._first.label}{more}: {self._text}"


class Tally:
    """Counts the rows of a run as they pass, and keeps of each kind as many as callers are shown.

    Args:
        helping: stages whose windows nobody asked for: what is odd about them stays in their rows.
    """

    def __init__(self, helping: Collection[str] = ()) -> None:
        self._helping = frozenset(helping)
        self.rows: tuple[UnitRow, ...] = ()
        """The first page."""
        self.total = 0
        self.counts: dict[str, dict[UnitState, int]] = {}
        self._good: dict[str, list[UnitRow]] = {}
        self._failed: list[str] = []
        self._told: list[str] = []
        self._alike: dict[str, _Alike] = {}
        self._unlisted = 0
        self._reasons: Counter[tuple[FailureKind, str]] = Counter()
        self._sentences: list[str] = []
        self._first: dict[str, UnitRow] = {}
        self._windows_failed = 0

    def add(self, page: Sequence[UnitRow]) -> None:
        """Count a page of rows."""
        if not self.total:
            self.rows = tuple(page)
        self.total += len(page)
        for row in page:
            self._add(row)

    def result_stages(self, instrument: Instrument, stages: Collection[str]) -> tuple[str, ...]:
        """Return the stages whose good rows are what a caller is shown.

        These are the asked ones; where one of them gave nothing, the last stage that gave anything: what came out on
        the way stays downloadable, though the job has failed.

        Args:
            instrument: of the run.
            stages: of the run, in the order of the plan.
        """
        good = [stage for stage in stages if stage in self._good]
        asked = asked_stages(instrument, stages)
        return asked if set(asked) <= set(good) else tuple(good[-1:])

    def made(self, asked: Collection[str]) -> bool:
        """Say whether every asked stage gave something."""
        return bool(asked) and all(stage in self._good for stage in asked)

    def shown(self, stages: Sequence[str]) -> list[UnitRow]:
        """Return the first good rows of some stages, in the order of the table."""
        return [row for stage in stages for row in self._good[stage]][:SHOWN_PRODUCTS]

    def good(self, stages: Sequence[str]) -> int:
        """Return the number of good rows of some stages."""
        return sum(self.counts[stage][state] for stage in stages for state in GOOD)

    @property
    def failed(self) -> int:
        """Rows that failed."""
        return sum(stage[UnitState.FAILED] for stage in self.counts.values())

    @property
    def windows_failed(self) -> int:
        """Windows that gave nothing; one that fails has no unit in the stages after."""
        return self._windows_failed

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence per failure, per warning of a stage of the whole job and per kind of warning of windows.

        Of failures and of kinds the first ones. A kind is told with the first window and the number of others.
        """
        return (*self._failed, *self._told, *map(str, self._alike.values()))

    @property
    def warnings_total(self) -> int:
        """How many sentences there would be."""
        return self.failed + len(self._told) + len(self._alike) + self._unlisted

    def not_made(self, product: str, asked: Sequence[str], kept: Sequence[str]) -> Failure:
        """Say in one sentence why what was asked for was not made.

        The reason is that of the stage that should have made it; where that stage had nothing to begin with, the
        commonest reason of all.

        Args:
            product: what was asked for.
            asked: the stages that make it.
            kept: stages whose products are there all the same.
        """
        missing = next((self._first[stage] for stage in asked if stage in self._first), None)
        if missing is not None and kept and missing.failure is not None:
            text = f"{product} was not made: {_sentence(missing)}; {_kept(kept)}"
            return missing.failure.model_copy(update={"text": text})
        if not self._reasons:
            return Failure(kind=FailureKind.SCIENCE, reason="NothingUsable", text="the run gave no product")
        (kind, reason), _ = self._reasons.most_common(1)[0]
        failed = self._reasons.total()
        more = f"; and {failed - _SHOWN_REASONS} more" if failed > _SHOWN_REASONS else ""
        sentences = f"{'; '.join(self._sentences)}{more}"
        if kept:
            text = f"{product} was not made: {sentences}; {_kept(kept)}"
        else:
            which = "its only unit gave no" if failed == 1 else f"none of the {failed} units gave a"
            text = f"{which} product: {sentences}"
        return Failure(kind=kind, reason=reason, text=text)

    def _add(self, row: UnitRow) -> None:
        self.counts.setdefault(row.stage, dict.fromkeys(UnitState, 0))[row.state] += 1
        if row.state in GOOD:
            good = self._good.setdefault(row.stage, [])
            if len(good) < SHOWN_PRODUCTS:
                good.append(row)
        if row.state is UnitState.FAILED:
            self._add_failed(row)
        if row.stage in self._helping:
            return
        if row.label == JOB_LABEL:
            self._told += [f"{row.stage}: {text}" for text in row.warnings]
            return
        for text in row.warnings:
            kind = _NUMBER.sub("#", text)
            if kind in self._alike:
                self._alike[kind].add(row)
            elif len(self._alike) < SHOWN_WARNINGS:
                self._alike[kind] = _Alike(row, text)
            else:
                self._unlisted += 1

    def _add_failed(self, row: UnitRow) -> None:
        sentence = _sentence(row)
        if row.stage in self._helping:
            sentence = f"{row.stage} of {sentence}"
        if len(self._failed) < SHOWN_WARNINGS:
            self._failed.append(sentence)
        if row.stage in self._helping:
            return
        if row.failure is not None and row.failure.reason != NO_INPUTS:
            self._reasons[row.failure.kind, row.failure.reason] += 1
            self._first.setdefault(row.stage, row)
            self._windows_failed += row.label != JOB_LABEL
            if len(self._sentences) < _SHOWN_REASONS:
                self._sentences.append(sentence)


def tally_rows(runs: Runs, requests: Requests, run_id: str, helping: Collection[str] = ()) -> Tally:
    """Return the tally of all rows of a run, which are stored but for the first page: that one is in its outcome."""
    tally = Tally(helping)
    for number, rows in enumerate(runs.row_pages(run_id, ROWS_A_PAGE)):
        tally.add(rows)
        if number:
            requests.put_rows(RowPage(run_id=run_id, number=number, rows=rows))
    return tally


def asked_stages(instrument: Instrument, stages: Collection[str]) -> tuple[str, ...]:
    """Return the stages of a run that make what its callers asked for: those that no other stage of it needs."""
    needed = {need for stage in stages for need in instrument.stages[stage].needs}
    return tuple(stage for stage in stages if stage not in needed)


def outcome(
    run: Run, tally: Tally, instrument: Instrument, products: Mapping[str, ProductEntry], now: str
) -> RunResult:
    """Return the outcome of a run whose rows are all final.

    Args:
        run: the run.
        tally: of all its rows.
        instrument: of the run.
        products: index entries of the products of the rows that are shown, by key.
        now: UTC.
    """
    stages = tally.result_stages(instrument, run.steps)
    asked = asked_stages(instrument, run.steps)
    made = tally.made(asked)
    failure = None if made else tally.not_made(run.product, asked, stages)
    return _result(run, tally, JobState.COMPLETED if made else JobState.ERROR, failure, now).model_copy(
        update={
            "partial": made and tally.windows_failed > 0,
            "result_stages": stages,
            "products": tuple(_product(row, products) for row in tally.shown(stages)),
            "products_total": tally.good(stages),
            "warnings": tally.warnings,
            "warnings_total": tally.warnings_total,
        }
    )


def ended_early(run: Run, tally: Tally, state: JobState, failure: Failure | None, now: str) -> RunResult:
    """Return the outcome of a run that was cancelled or could not be planned."""
    return _result(run, tally, state, failure, now)


def _result(run: Run, tally: Tally, state: JobState, failure: Failure | None, now: str) -> RunResult:
    return RunResult(
        run_id=run.run_id,
        request_key=run.request_key,
        state=state,
        started=run.started,
        finished=now,
        steps=run.steps,
        order=tuple(run.steps),
        rows=tally.rows,
        total=tally.total,
        rows_a_page=ROWS_A_PAGE,
        counts=tally.counts,
        failure=failure,
    )


def _product(row: UnitRow, products: Mapping[str, ProductEntry]) -> StageProduct:
    entry = products.get(row.key)
    return StageProduct(stage=row.stage, label=row.label, key=row.key, files=entry.files if entry else ())


def _kept(stages: Sequence[str]) -> str:
    return f"the products of {', '.join(stages)} can be downloaded"


def _sentence(row: UnitRow) -> str:
    name = f"stage {row.stage}" if row.label == JOB_LABEL else row.label
    if row.failure is None:
        return f"{name} failed"
    return f"{name}: {row.failure.reason}: {row.failure.text}"
