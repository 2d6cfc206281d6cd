"""What came of a run: its state, its products, and a sentence for everything that did not work."""

from collections import Counter
from collections.abc import Mapping, Sequence

from mesh.contracts import Failure, RunResult, StageProduct, UnitRow
from mesh.instrument import Instrument
from mesh.states import FailureKind, JobState, UnitState
from mesh.store.products import ProductEntry
from mesh.store.runs import Run
from services.dispatcher.plan import GOOD, JOB_LABEL, NO_INPUTS

_SHOWN = 3


def result_rows(instrument: Instrument, product: str, rows: Sequence[UnitRow]) -> list[UnitRow]:
    """Return the rows whose products are the result: the good ones of the stages that no other stage needs.

    Where those gave nothing, the good ones of the last stage that gave anything: partial results are results.
    """
    stages = instrument.product(product).stages
    needed = {need for stage in stages for need in instrument.stages[stage].needs}
    good = [row for row in rows if row.state in GOOD]
    final = [row for row in good if row.stage not in needed]
    if final:
        return final
    last = next((stage for stage in reversed(stages) if any(row.stage == stage for row in good)), None)
    return [row for row in good if row.stage == last]


def outcome(
    run: Run, rows: Sequence[UnitRow], chosen: Sequence[UnitRow], products: Mapping[str, ProductEntry], now: str
) -> RunResult:
    """Return the outcome of a run whose rows are all final.

    Args:
        run: the run.
        rows: all its rows.
        chosen: those of `result_rows`.
        products: index entries of their products, by key.
        now: UTC.
    """
    failed = [row for row in rows if row.state is UnitState.FAILED]
    warnings = [_sentence(row) for row in failed]
    warnings += [f"{row.stage}: {text}" for row in rows if row.label == JOB_LABEL for text in row.warnings]
    if chosen:
        state, failure = JobState.COMPLETED, None
    else:
        state, failure = JobState.ERROR, _nothing(failed)
    return RunResult(
        run_id=run.run_id,
        request_key=run.request_key,
        state=state,
        started=run.started,
        finished=now,
        steps=run.steps,
        rows=tuple(rows),
        warnings=tuple(warnings),
        failure=failure,
        products=tuple(_product(row, products) for row in chosen),
    )


def ended_early(run: Run, rows: Sequence[UnitRow], state: JobState, failure: Failure | None, now: str) -> RunResult:
    """Return the outcome of a run that was cancelled or could not be planned."""
    return RunResult(
        run_id=run.run_id,
        request_key=run.request_key,
        state=state,
        started=run.started,
        finished=now,
        steps=run.steps,
        rows=tuple(rows),
        failure=failure,
    )


def _product(row: UnitRow, products: Mapping[str, ProductEntry]) -> StageProduct:
    entry = products.get(row.key)
    return StageProduct(stage=row.stage, label=row.label, key=row.key, files=entry.files if entry else ())


def _sentence(row: UnitRow) -> str:
    name = f"stage {row.stage}" if row.label == JOB_LABEL else row.label
    if row.failure is None:
        return f"{name} failed"
    return f"{name}: {row.failure.reason}: {row.failure.text}"


def _nothing(failed: Sequence[UnitRow]) -> Failure:
    """Say in one sentence why nothing came out; the reason is the commonest one."""
    reasons = [row.failure for row in failed if row.failure is not None and row.failure.reason != NO_INPUTS]
    if not reasons:
        return Failure(kind=FailureKind.SCIENCE, reason="NothingUsable", text="the run gave no product")
    counted = Counter((failure.kind, failure.reason) for failure in reasons)
    (kind, reason), _ = counted.most_common(1)[0]
    shown = [_sentence(row) for row in failed if row.failure is not None and row.failure.reason != NO_INPUTS]
    more = f"; and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    text = f"none of the {len(shown)} units gave a product: {'; '.join(shown[:_SHOWN])}{more}"
    return Failure(kind=kind, reason=reason, text=text)
