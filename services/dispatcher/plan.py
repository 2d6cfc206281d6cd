"""The plan of a run: its rows, and the units of a stage once what it needs is there. Plain functions, no servers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mesh.archive.epochs import epoch_of
from mesh.contracts import Analysis, Failure, ProductInput, Unit, UnitInput, UnitRow, UploadInput
from mesh.instrument import Epochs, Instrument, Stage
from mesh.keys import Canonical, canonical_json, unit_key
from mesh.states import FailureKind, UnitState
from mesh.store.row_change import RowChange
from mesh.store.runs import Run
from services.dispatcher.windows import Windows

JOB_LABEL = "job"
NO_INPUTS = "NoInputs"
GOOD = (UnitState.CACHED, UnitState.DONE)
_LABEL_DIGITS = 16
"""Products that the caller names are labelled by the start of their key: two of them may be of the same window."""


Made = Mapping[str, Mapping[str, str]]
"""Stage -> label -> key of the product."""


def made_by(rows: Iterable[UnitRow]) -> Made:
    """Return the products of good rows."""
    made: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.state in GOOD:
            made.setdefault(row.stage, {})[row.label] = row.key
    return made


def steps_of(instrument: Instrument, analysis: Analysis) -> dict[str, tuple[str, ...]]:
    """Return the steps of each stage of an analysis, in the order of the plan."""
    stages = instrument.stages_of(analysis.product, analysis.parameters)
    return {stage: instrument.stages[stage].steps for stage in stages}


def rows_of(
    instrument: Instrument,
    analysis: Analysis,
    windows: Windows,
    epochs: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Iterator[UnitRow]:
    """Yield every row of a run, waiting: one row for stages of scope job, a row per window or slice for the others.

    Rejected windows have a row in the first stage of windows only.

    Args:
        instrument: of the run.
        analysis: of the run.
        windows: of the run.
        epochs: of these windows, with the labels of those that the mesh chooses of each; stages of epochs have a row
            for each of them, or for each epoch.
    """
    rejected = [window.scw for window in windows.rejected]
    for name in instrument.stages_of(analysis.product, analysis.parameters):
        labels: Sequence[str]
        match instrument.stages[name].scope:
            case "job":
                labels = [JOB_LABEL]
            case "epoch":
                labels = list(epochs)
            case "epoch_scw":
                labels = [label for chosen in epochs.values() for label in chosen]
            case _:
                labels = [*windows.inputs, *rejected]
                rejected = []
        for label in labels:
            yield UnitRow(key="", stage=name, label=label, state=UnitState.WAITING)


def units_of(
    stage: str,
    *,
    instrument: Instrument,
    analysis: Analysis,
    run: Run,
    labels: Sequence[str],
    windows: Windows,
    made: Made,
    files: Sequence[UnitInput] = (),
    own: Mapping[str, Sequence[UnitInput]] | None = None,
    near: Mapping[str, frozenset[str]] | None = None,
) -> Iterator[tuple[RowChange, Unit | None]]:
    """Yield what becomes of each row of a stage: its unit, or why there is none.

    The inputs that all units share stand at the end of those of each: `shared_inputs`.

    Args:
        stage: whose needs are all complete.
        instrument: of the run.
        analysis: of the run.
        run: gives image and calibration, equal for all its stages.
        labels: of its waiting rows.
        windows: of the run; not looked at for a stage that reads products only.
        made: products of the stages that it needs.
        files: of the archive that the request names itself, or that lie beside its windows.
        own: files beside the data of each window, by label.
        near: windows of an epoch that point where a window does, by its label.
    """
    parameters = parameters_of(stage, instrument, analysis)
    parameters_text = Canonical(canonical_json(parameters))
    part = instrument.stages_of(analysis.product, analysis.parameters)
    needed = {need: made.get(need, {}) for need in instrument.stages[stage].needs if need in part}
    shared = shared_inputs(stage, instrument, analysis, files)
    shared_texts = [_text(entry) for entry in shared]
    rejected = {window.scw: window for window in windows.rejected}
    for label in labels:
        if label in rejected:
            yield _refused(stage, label, rejected[label].reason, rejected[label].text), None
            continue
        inputs = _inputs(stage, label, instrument, windows, needed)
        if isinstance(inputs, RowChange):
            yield inputs, None
            continue
        inputs = (*inputs, *_of_epoch(stage, label, instrument, needed, near or {}), *(own or {}).get(label, ()))
        key = unit_key(
            instrument=instrument.name,
            stage=stage,
            image=run.image,
            calibration=run.calibration,
            parameters=parameters_text,
            label=label,
            inputs=[*map(_text, inputs), *shared_texts],
        )
        unit = Unit(
            key=key,
            instrument=instrument.name,
            stage=stage,
            label=label,
            parameters=parameters,
            inputs=(*inputs, *shared),
            image=run.image,
            calibration=run.calibration,
            lane=run.lane,
            user=run.user,
            run_id=run.run_id,
        )
        yield RowChange(key=key, stage=stage, label=label, state=UnitState.QUEUED), unit


def parameters_of(stage: str, instrument: Instrument, analysis: Analysis) -> dict[str, Any]:
    """Return the parameters of every unit of a stage."""
    time = analysis.selection.time
    interval = (time.t1, time.t2) if time is not None else None
    return instrument.stage_parameters(stage, analysis.parameters, interval)


def shared_inputs(
    stage: str, instrument: Instrument, analysis: Analysis, files: Sequence[UnitInput]
) -> tuple[UnitInput, ...]:
    """Return the inputs of every unit of a stage: products, uploads and files that the request names itself."""
    uploads = instrument.given_uploads(analysis.parameters, stage)
    return (*_given(instrument.given_products(analysis.parameters, stage)), *_sent(uploads), *files)


def _text(entry: UnitInput) -> Canonical:
    return Canonical(canonical_json(entry.key_content()))


def _inputs(
    stage: str, label: str, instrument: Instrument, windows: Windows, needed: Made
) -> tuple[UnitInput, ...] | RowChange:
    """Return the inputs of one unit, or the end of its row when one of them is missing."""
    declared = instrument.stages[stage]
    inputs: list[UnitInput] = []
    if declared.archive:
        wanted = windows.inputs if declared.scope == "job" else {label: windows.inputs.get(label)}
        if None in wanted.values():
            return _refused(stage, label, "NoScWData", f"{label} is no longer in the archive")
        inputs += [entry for entry in wanted.values() if entry is not None]
    for need, made in needed.items():
        if instrument.stages[need].of_epochs and not declared.of_epochs:
            continue  # it does without: `_of_epoch`
        products = _products(label, declared, instrument.stages[need], made, instrument.epochs)
        if not products:
            return _refused(stage, label, NO_INPUTS, f"stage {need} gave no product that {stage} could use")
        inputs += [ProductInput(role=need, label=name, key=key) for name, key in sorted(products.items())]
    return tuple(inputs)


def _products(
    label: str, declared: Stage, need: Stage, made: Mapping[str, str], epochs: Epochs | None
) -> dict[str, str]:
    """Return those products of a stage that the unit of a label reads."""
    if declared.scope == "epoch" and epochs is not None:
        return {name: key for name, key in made.items() if epoch_of(name, epochs) == label}
    own = "job" not in (declared.scope, need.scope)
    return {name: key for name, key in made.items() if name == label or not own}


def _of_epoch(
    stage: str, label: str, instrument: Instrument, needed: Made, near: Mapping[str, frozenset[str]]
) -> tuple[UnitInput, ...]:
    """Return what was made of the epoch of a window, and of which of its windows that unit has to leave out.

    These are the ones that point where the window does. Where too few others are left there is nothing.
    """
    epochs = instrument.epochs
    if epochs is None or instrument.stages[stage].scope != "scw":
        return ()
    epoch, aside = epoch_of(label, epochs), near.get(label, frozenset())
    whole: list[UnitInput] = []
    parts: list[UnitInput] = []
    others = 0
    for need, made in needed.items():
        match instrument.stages[need].scope:
            case "epoch" if epoch in made:
                whole.append(ProductInput(role=need, label=epoch, key=made[epoch]))
            case "epoch_scw":
                of_epoch = {name: key for name, key in made.items() if epoch_of(name, epochs) == epoch}
                others += len(of_epoch.keys() - aside)
                parts += [
                    ProductInput(role=need, label=name, key=key)
                    for name, key in sorted(of_epoch.items())
                    if name in aside
                ]
    return (*whole, *parts) if whole and others >= epochs.least else ()


def _given(products: Mapping[str, Sequence[str]]) -> tuple[UnitInput, ...]:
    """Return the inputs that the caller names: by parameter, keys of products of earlier jobs."""
    return tuple(
        ProductInput(role=name, label=key[:_LABEL_DIGITS], key=key) for name, keys in products.items() for key in keys
    )


def _sent(uploads: Mapping[str, Sequence[str]]) -> tuple[UnitInput, ...]:
    """Return the files that callers sent as inputs, by parameter."""
    return tuple(
        UploadInput(role=name, label=digest[:_LABEL_DIGITS], digest=digest)
        for name, digests in uploads.items()
        for digest in digests
    )


def _refused(stage: str, label: str, reason: str, text: str) -> RowChange:
    failure = Failure(kind=FailureKind.USAGE, reason=reason, text=text)
    return RowChange(key="", stage=stage, label=label, state=UnitState.FAILED, failure=failure)
