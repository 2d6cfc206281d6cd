"""Units: every window asked for ended once in its run, and what is called a product is there."""

from collections import Counter
from collections.abc import Iterable, Iterator

from mesh.audit.documents import Documents
from mesh.audit.finding import Finding, Kind
from mesh.contracts import Analysis, ProductInput, RunResult, UnitRow
from mesh.instruments import instruments
from mesh.states import JobState, UnitState, unit_is_final

_GOOD = frozenset({UnitState.DONE, UnitState.CACHED})


def check_units(documents: Documents) -> Iterator[Finding]:
    """Compare the rows of ended runs with what was asked for and with the products."""
    made: dict[str, str] = {}
    for run_id, result in documents.runs.items():
        about = f"run {run_id}"
        analysis = documents.analyses.get(result.request_key)
        for kind, text in _rows(result, analysis, documents):
            yield Finding(kind=kind, about=about, text=text)
        for row in result.rows:
            # Whoever shares the work of another run names that run; a product that was evicted is made again.
            if row.state is not UnitState.DONE or row.cached_from or row.key in documents.evicted:
                continue
            first = made.setdefault(row.key, run_id)
            if first != run_id:
                text = f"run {first} and run {run_id} both made it"
                yield Finding(kind=Kind.DOUBLED, about=f"product {row.key}", text=text)


def _rows(result: RunResult, analysis: Analysis | None, documents: Documents) -> Iterator[tuple[Kind, str]]:
    if result.total and len(result.rows) != result.total:
        yield Kind.LOST, f"its table has {len(result.rows)} rows, it had {result.total}"
    seen: set[tuple[str, str]] = set()
    for row in result.rows:
        name = (row.stage, row.label)
        if name in seen:
            yield Kind.DOUBLED, f"{row.stage} of {row.label} stands twice in its table"
        seen.add(name)
        if not unit_is_final(row.state):
            yield Kind.LOST, f"it ended while {row.stage} of {row.label} was {row.state.value}"
        if row.state in _GOOD and not _there(row.key, documents):
            yield Kind.LOST, f"{row.stage} of {row.label} is {row.state.value}, but its product {row.key} is not there"
    if result.state is JobState.ABORTED or not result.rows:
        return
    yield from _asked_for(result, analysis)
    yield from _merged(result, documents)
    for product in result.products:
        if not _there(product.key, documents):
            yield Kind.LOST, f"its result {product.stage} of {product.label} ({product.key}) is not there"


def _there(key: str, documents: Documents) -> bool:
    return key in documents.manifests or key in documents.evicted


def _asked_for(result: RunResult, analysis: Analysis | None) -> Iterator[tuple[Kind, str]]:
    """Find windows of a list, and stages of the plan, without a row."""
    stages = {row.stage for row in result.rows}
    for stage in result.steps:
        if stage not in stages:
            yield Kind.LOST, f"its table has no row of stage {stage}"
    counted = Counter((row.stage, row.state) for row in result.rows)
    told = {(stage, state): count for stage, states in result.counts.items() for state, count in states.items()}
    if told and +counted != +Counter(told):
        yield Kind.CONTRADICTORY, f"its rows are not those that it counts: {dict(+counted)}"
    # The rows stand in the order of the plan, and every window has one in the first stage but for those of epochs.
    declared = instruments().get(analysis.instrument) if analysis else None
    helping = {name for name, stage in declared.stages.items() if stage.of_epochs} if declared else set()
    first = next((row.stage for row in result.rows if row.stage not in helping), "")
    labels = {row.label for row in result.rows if row.stage == first}
    for scw in (analysis.selection.scws or ()) if analysis else ():
        if scw not in labels and not any(label.startswith(f"{scw}.") for label in labels):
            yield Kind.LOST, f"window {scw} was asked for and has no row"


def _merged(result: RunResult, documents: Documents) -> Iterator[tuple[Kind, str]]:
    """Find merges that left out, or added to, the good windows of their run."""
    for row in result.rows:
        manifest = documents.manifests.get(row.key)
        if row.label != "job" or row.state not in _GOOD or manifest is None:
            continue
        # Products of earlier jobs that the request names.
        lists = (value for value in manifest.parameters.values() if isinstance(value, list))
        named = {entry for value in lists for entry in value if isinstance(entry, str)}
        given = [entry for entry in manifest.inputs if isinstance(entry, ProductInput)]
        for stage in {entry.role for entry in given}:
            used = {entry.key for entry in given if entry.role == stage} - named
            good = {entry.key for entry in _good(result.rows, stage)}
            if used != good:
                what = f"{len(good - used)} of its {len(good)} good windows are missing, {len(used - good)} are others'"
                yield (Kind.LOST if good - used else Kind.CONTRADICTORY), f"{row.stage} of {stage}: {what}"


def _good(rows: Iterable[UnitRow], stage: str) -> Iterator[UnitRow]:
    return (row for row in rows if row.stage == stage and row.state in _GOOD)
