"""Documents refuse what they do not understand and survive the way through JSON."""

import json

import pytest

from mesh.contracts import Analysis, Job, Lane, Selection, Unit
from mesh.errors import ContractViolation

JOB = Job(job_id="j1", request_key="k", user="anna", lane=Lane.USER, submitted="2026-01-01T00:00:00Z")


def test_round_trip() -> None:
    assert Job.decode(JOB.encode()) == JOB


def test_schema_name_travels() -> None:
    assert json.loads(JOB.encode())["schema"] == "odamesh.job/2"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"\xff\x00", "not JSON"),
        (b"[1]", "expected a JSON object"),
        (JOB.encode().replace(b"job/2", b"job/3"), "odamesh.job/3"),
        (JOB.encode().replace(b',"user":"anna"', b""), "user"),
    ],
)
def test_anything_else_is_a_contract_violation(body: bytes, complaint: str) -> None:
    with pytest.raises(ContractViolation, match=complaint):
        Job.decode(body)


def test_unit_inputs_keep_their_kind() -> None:
    unit = Unit(
        key="u",
        instrument="isgri",
        stage="mosaic",
        label="job",
        parameters={},
        inputs=(
            {"kind": "product", "role": "image", "label": "a", "key": "k"},  # type: ignore[arg-type]  # as JSON gives it
            {"kind": "archive", "role": "events", "label": "a", "path": "p", "files": ["f"], "stamp": "s"},
        ),
        image="sha256:1",
        calibration="c",
        lane=Lane.ALERT,
        user="u",
        run_id="r",
    )
    again = Unit.decode(unit.encode())
    assert [entry.kind for entry in again.inputs] == ["product", "archive"]


def _analysis(scws: tuple[str, ...], **parameters: object) -> Analysis:
    return Analysis(
        instrument="isgri", product="isgri_image", selection=Selection(scws=scws), parameters=dict(parameters)
    )


def test_request_key_depends_on_content_only() -> None:
    assert _analysis(("1",), a=20, b=2).key == _analysis(("1",), b=2.0, a=20.0).key


def test_anagram_parameters_have_different_keys() -> None:
    """The predecessor sorted the characters of each value: 25/52 and 52/25 met in one job."""
    assert _analysis(("1",), ra=25, dec=52).key != _analysis(("1",), ra=52, dec=25).key
    assert _analysis(("1",), t1="2017-03-06").key != _analysis(("1",), t1="2017-06-03").key
