"""The plan: rows, units, keys. No servers."""

from collections.abc import Mapping, Sequence

import pytest

from mesh.archive.select import Rejected
from mesh.contracts import Analysis, ArchiveInput, Lane, ProductInput, Selection, Unit, UnitRow, UploadInput
from mesh.instrument import Instrument
from mesh.instruments import instrument
from mesh.states import FailureKind, JobState, UnitState
from mesh.store.row_change import RowChange
from mesh.store.runs import Run
from services.dispatcher.plan import made_by, rows_of, steps_of, units_of
from services.dispatcher.windows import Windows

LABELS = ("201600270010.001", "201600280010.001")
EPOCH = "epoch-2000-2019"
OTHERS = tuple(f"2004{number:04d}0010.001" for number in range(1, 13))


@pytest.fixture
def isgri() -> Instrument:
    return instrument("isgri")


@pytest.fixture
def analysis(isgri: Instrument) -> Analysis:
    return Analysis(
        instrument="isgri",
        product="isgri_image",
        selection=Selection(scws=LABELS),
        parameters=isgri.canonical_parameters("isgri_image", {}),
    )


@pytest.fixture
def windows() -> Windows:
    inputs: dict[str, ArchiveInput | None] = {
        label: ArchiveInput(
            role="events", label=label, path=f"scw/2016/{label}", files=("isgri_events.fits.gz",), stamp=label[:4]
        )
        for label in LABELS
    }
    return Windows(inputs, (Rejected("201600290010", "NoScWData", "201600290010 is not in the archive"),))


def run_of(analysis: Analysis, image: str = "sha256:1", user: str = "ada") -> Run:
    return Run(
        run_id="r1",
        request_key=analysis.key,
        instrument=analysis.instrument,
        product=analysis.product,
        state=JobState.PENDING,
        lane=Lane.USER,
        user=user,
        opened="",
        started=None,
        finished=None,
        steps={},
        image=image,
        calibration="isgri-1",
        laid_out=True,
        planned=frozenset(),
        left={},
    )


def units(
    isgri: Instrument, analysis: Analysis, windows: Windows, *, run: Run | None = None
) -> list[tuple[RowChange, Unit | None]]:
    labels = [row.label for row in rows_of(isgri, analysis, windows) if row.stage == "image"]
    used = run or run_of(analysis)
    return list(
        units_of("image", instrument=isgri, analysis=analysis, run=used, labels=labels, windows=windows, made={})
    )


def test_a_file_that_was_sent_is_an_input_and_part_of_the_key() -> None:
    used, keys = instrument("localisation"), set()
    for digest in ("ab" * 32, "cd" * 32):
        asked = Analysis(
            instrument="localisation",
            product="sky_map",
            selection=Selection(),
            parameters=used.canonical_parameters("sky_map", {"sky_map": [digest]}),
        )
        planned = units_of(
            "region",
            instrument=used,
            analysis=asked,
            run=run_of(asked),
            labels=["job"],
            windows=Windows({}),
            made={},
        )
        ((_, unit),) = planned
        assert unit is not None
        assert unit.inputs == (UploadInput(role="sky_map", label=digest[:16], digest=digest),)
        keys.add(unit.key)
    assert len(keys) == 2


def test_rows_in_the_order_of_the_plan(isgri: Instrument, analysis: Analysis, windows: Windows) -> None:
    rows = list(rows_of(isgri, analysis, windows))

    assert [(row.stage, row.label) for row in rows] == [
        *(("image", label) for label in LABELS),
        ("image", "201600290010"),
        ("mosaic", "job"),
    ]
    assert {row.state for row in rows} == {UnitState.WAITING}
    assert list(steps_of(isgri, analysis)) == ["epoch_background", "epoch_map", "image", "mosaic"]


def test_windows_of_epochs_come_first(isgri: Instrument, analysis: Analysis, windows: Windows) -> None:
    rows = rows_of(isgri, analysis, windows, {EPOCH: OTHERS[:2]})
    assert [(row.stage, row.label) for row in rows][:4] == [
        *(("epoch_background", label) for label in OTHERS[:2]),
        ("epoch_map", EPOCH),
        ("image", LABELS[0]),
    ]


def test_a_unit_carries_what_its_stage_reads(isgri: Instrument, analysis: Analysis, windows: Windows) -> None:
    change, message = units(isgri, analysis, windows)[0]
    assert message is not None
    unit = message

    assert (change.key, change.state, change.label) == (unit.key, UnitState.QUEUED, LABELS[0])
    assert unit.inputs == (windows.inputs[LABELS[0]],)
    assert set(unit.parameters) == {"bands", "detection_threshold", "catalogue", "burst_search", "background"}
    assert (unit.lane, unit.user, unit.run_id) == (Lane.USER, "ada", "r1")


def test_a_rejected_window_fails_alone(isgri: Instrument, analysis: Analysis, windows: Windows) -> None:
    change, _ = units(isgri, analysis, windows)[2]

    assert (change.label, change.state, change.key) == ("201600290010", UnitState.FAILED, "")
    assert change.failure is not None
    assert (change.failure.kind, change.failure.reason) == (FailureKind.USAGE, "NoScWData")


def test_keys_depend_on_content_only(isgri: Instrument, analysis: Analysis, windows: Windows) -> None:
    def keys(run: Run | None = None, given: Windows = windows) -> list[str]:
        return [change.key for change, _ in units(isgri, analysis, given, run=run) if change.key]

    assert keys() == keys(run_of(analysis, user="bob"))
    assert not set(keys()) & set(keys(run_of(analysis, image="sha256:2")))
    first = windows.inputs[LABELS[0]]
    assert first is not None
    newer = Windows({**windows.inputs, LABELS[0]: first.model_copy(update={"stamp": "other"})}, windows.rejected)
    assert [here == there for here, there in zip(keys(), keys(given=newer), strict=True)] == [False, True]


def mosaic(isgri: Instrument, analysis: Analysis, rows: list[UnitRow]) -> tuple[RowChange, Unit | None]:
    made = made_by(rows)
    (unit,) = units_of(
        "mosaic",
        instrument=isgri,
        analysis=analysis,
        run=run_of(analysis),
        labels=["job"],
        windows=Windows({}),
        made=made,
    )
    return unit


def test_a_merge_reads_the_good_units(isgri: Instrument, analysis: Analysis) -> None:
    rows = [
        UnitRow(key="b" * 64, stage="image", label=LABELS[1], state=UnitState.DONE),
        UnitRow(key="a" * 64, stage="image", label=LABELS[0], state=UnitState.CACHED),
        UnitRow(key="c" * 64, stage="image", label="201600290010.001", state=UnitState.FAILED),
    ]
    _, message = mosaic(isgri, analysis, rows)

    assert message is not None
    assert message.inputs == (
        ProductInput(role="image", label=LABELS[0], key="a" * 64),
        ProductInput(role="image", label=LABELS[1], key="b" * 64),
    )
    assert mosaic(isgri, analysis, rows)[0].key == mosaic(isgri, analysis, rows[::-1])[0].key


def test_a_merge_of_nothing_fails(isgri: Instrument, analysis: Analysis) -> None:
    change, _ = mosaic(isgri, analysis, [])

    assert change.state is UnitState.FAILED
    assert change.failure is not None
    assert change.failure.reason == "NoInputs"


def test_a_list_takes_the_place_of_the_stages_that_would_find_it(
    isgri: Instrument, analysis: Analysis, windows: Windows
) -> None:
    declared = isgri.products["isgri_image"].model_copy(
        update={"stages": ("image", "mosaic", "spectrum"), "replaced_by_list": {"catalogue": ("image", "mosaic")}}
    )
    stage = isgri.stages["image"].model_copy(update={"needs": ("mosaic",), "archive": True})
    spectra = isgri.model_copy(
        update={"products": {"isgri_image": declared}, "stages": {**isgri.stages, "spectrum": stage}}
    )
    listed = [{"name": "GX 1+4", "ra": 263.009, "dec": -24.7456}]
    own = analysis.model_copy(update={"parameters": {**analysis.parameters, "catalogue": listed}})

    assert list(steps_of(spectra, analysis)) == ["image", "mosaic", "spectrum"]
    assert list(steps_of(spectra, own)) == ["spectrum"]
    rows = [(row.stage, row.label) for row in rows_of(spectra, own, windows)]
    assert rows == [*(("spectrum", label) for label in LABELS), ("spectrum", "201600290010")]
    (unit,) = units_of(
        "spectrum",
        instrument=spectra,
        analysis=own,
        run=run_of(own),
        labels=LABELS[:1],
        windows=windows,
        made={},
    )
    assert unit[1] is not None
    assert unit[1].inputs == (windows.inputs[LABELS[0]],)


def test_a_window_stage_reads_the_product_of_its_own_window(
    isgri: Instrument, analysis: Analysis, windows: Windows
) -> None:
    stage = isgri.stages["image"].model_copy(update={"needs": ("image", "mosaic"), "archive": True})
    spectra = isgri.model_copy(update={"stages": {**isgri.stages, "spectrum": stage}})
    made = {"image": {LABELS[0]: "a" * 64}, "mosaic": {"job": "m" * 64}}

    first, second = units_of(
        "spectrum",
        instrument=spectra,
        analysis=analysis,
        run=run_of(analysis),
        labels=LABELS,
        windows=windows,
        made=made,
    )

    assert first[1] is not None
    inputs = first[1].inputs
    assert [(entry.role, entry.label) for entry in inputs] == [
        ("events", LABELS[0]),
        ("image", LABELS[0]),
        ("mosaic", "job"),
    ]
    assert second[0].failure is not None
    assert second[0].failure.text == "stage image gave no product that spectrum could use"


def test_products_that_the_caller_names_are_inputs(isgri: Instrument, analysis: Analysis, windows: Windows) -> None:
    content = isgri.model_dump()
    content["parameters"]["earlier"] = {"type": "products", "default": [], "help": "products of an earlier job"}
    content["stages"]["image"]["parameters"] += ("earlier",)
    taking = Instrument.model_validate(content)
    keys = ["b" * 64, "a" * 64]
    parameters = taking.canonical_parameters("isgri_image", {"earlier": keys})
    asked = analysis.model_copy(update={"parameters": parameters})

    plain = units(taking, analysis.model_copy(update={"parameters": parameters | {"earlier": []}}), windows)
    given = units(taking, asked, windows)

    assert plain[0][0].key != given[0][0].key
    assert given[0][1] is not None
    inputs = [entry for entry in given[0][1].inputs if entry.role == "earlier"]
    assert inputs == [ProductInput(role="earlier", label=key[:16], key=key) for key in sorted(keys)]
    assert taking.given_products(parameters, "mosaic") == {}


def _made(epochs: Mapping[str, Sequence[str]]) -> dict[str, dict[str, str]]:
    parts = {label: label[4:8].rjust(64, "a") for labels in epochs.values() for label in labels}
    return {"epoch_background": parts, "epoch_map": dict.fromkeys(epochs, "m" * 64)}


def _with_epochs(
    isgri: Instrument,
    analysis: Analysis,
    windows: Windows,
    stage: str = "image",
    *,
    near: Mapping[str, frozenset[str]] | None = None,
    made: Mapping[str, Mapping[str, str]] | None = None,
) -> list[tuple[RowChange, Unit | None]]:
    made = made or _made({EPOCH: OTHERS})
    labels = [EPOCH] if stage == "epoch_map" else LABELS
    return list(
        units_of(
            stage,
            instrument=isgri,
            analysis=analysis,
            run=run_of(analysis),
            labels=labels,
            windows=windows,
            made=made,
            near=near,
        )
    )


def _read(unit: Unit | None) -> list[tuple[str, str]]:
    assert unit is not None
    return [(entry.role, entry.label) for entry in unit.inputs]


def test_a_window_has_the_map_of_its_epoch_without_its_own_pointing(
    isgri: Instrument, analysis: Analysis, windows: Windows
) -> None:
    near = {LABELS[1]: frozenset(OTHERS[2:4])}
    (_, first), (_, second) = _with_epochs(isgri, analysis, windows, near=near)
    assert _read(first) == [("events", LABELS[0]), ("epoch_map", EPOCH)]
    assert _read(second) == [
        ("events", LABELS[1]),
        ("epoch_map", EPOCH),
        ("epoch_background", OTHERS[2]),
        ("epoch_background", OTHERS[3]),
    ]
    plain = [change.key for change, _ in units(isgri, analysis, windows)[:2]]
    keys = [change.key for change, _ in _with_epochs(isgri, analysis, windows)]
    assert not set(plain) & set(keys), "the map is part of the key"


def test_a_window_with_too_few_others_goes_without(isgri: Instrument, analysis: Analysis, windows: Windows) -> None:
    near = {LABELS[1]: frozenset(OTHERS[:3])}
    (_, first), (_, second) = _with_epochs(isgri, analysis, windows, near=near)
    assert ("epoch_map", EPOCH) in _read(first)
    assert _read(second) == [("events", LABELS[1])]
    failed = {**_made({EPOCH: OTHERS}), "epoch_map": {}}
    assert _read(_with_epochs(isgri, analysis, windows, made=failed)[0][1]) == [("events", LABELS[0])]


def test_a_map_has_the_windows_of_its_epoch(isgri: Instrument, analysis: Analysis) -> None:
    made = _made({EPOCH: OTHERS, "epoch-0040-0059": ("005000010010.001",)})
    ((change, unit),) = _with_epochs(isgri, analysis, Windows({}), "epoch_map", made=made)
    assert _read(unit) == [("epoch_background", label) for label in OTHERS]
    assert change.label == EPOCH


def test_no_request_changes_the_windows_of_an_epoch(isgri: Instrument, analysis: Analysis, windows: Windows) -> None:
    own = {"bands": [[40, 80]], "detection_threshold": 9, "catalogue": "none", "burst_search": True}
    other = analysis.model_copy(update={"parameters": isgri.canonical_parameters("isgri_image", own)})
    keys = [
        [change.key for change, _ in _with_epochs(isgri, asked, windows, "epoch_background")]
        for asked in (analysis, other)
    ]
    assert keys[0] == keys[1]
    assert isgri.files_beside(other.parameters, "epoch_background", window=False) == isgri.files_beside(
        analysis.parameters, "image", window=False
    )


@pytest.mark.parametrize("given", ["none", [], ["b" * 64]])
def test_epochs_can_be_switched_off(isgri: Instrument, given: object, windows: Windows) -> None:
    parameters = isgri.canonical_parameters("isgri_image", {"background": given})
    assert parameters["background"] == (given or "none")
    asked = Analysis(instrument="isgri", product="isgri_image", selection=Selection(scws=LABELS), parameters=parameters)
    assert list(steps_of(isgri, asked)) == ["image", "mosaic"]
    assert all(row.stage in {"image", "mosaic"} for row in rows_of(isgri, asked, windows, {EPOCH: OTHERS}))
    roles = {entry.role for _, unit in units(isgri, asked, windows) if unit for entry in unit.inputs}
    assert roles == ({"events", "background"} if isinstance(given, list) and given else {"events"})
