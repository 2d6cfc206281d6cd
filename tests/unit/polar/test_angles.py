"""Scattering angles of any convention, and what is said of a polarisation."""

import numpy as np
import pytest

from services.polar.analysis.angles import scattering_angles
from services.polar.analysis.polarisation import measure_polarisation
from services.polar.simulator.events import scattering_angles as drawn


@pytest.mark.parametrize(("form", "unit"), [("signed", "deg"), ("rad", "rad"), ("rad", ""), ("signed rad", "")])
def test_conventions(form: str, unit: str) -> None:
    true = np.random.default_rng(1).uniform(0, 360, 2000)
    given = np.where(true > 180, true - 360, true) if "signed" in form else true
    found = scattering_angles(np.radians(given) if "rad" in form else given, unit)
    assert found.degrees == pytest.approx(true, abs=1e-6)
    assert bool(found.notes) == (not unit)


def test_one_negative_value_marks_events_without_an_angle() -> None:
    found = scattering_angles(np.array([10.0, -1.0, 200.3, -1.0, np.nan, 999.0]), "deg")
    assert np.isfinite(found.degrees).tolist() == [True, False, True, False, False, False]


@pytest.mark.parametrize(("edge", "first"), [(0.0, 0.0), (0.5, 4.5), (1.0, 9.0)])
def test_labels_of_bins_become_their_middles(edge: float, first: float) -> None:
    number = np.random.default_rng(2).integers(0, 40, 4000)
    found = scattering_angles(np.asarray((number + edge) * 9.0, np.float64), "deg")
    assert found.bin_deg == pytest.approx(9.0)
    assert found.degrees == pytest.approx(number * 9.0 + 4.5)
    assert bool(found.notes) == (edge != 0.5)
    assert first == edge * 9.0


def test_a_verdict_with_limits() -> None:
    random = np.random.default_rng(3)
    none = measure_polarisation(drawn(random, 3000, 0.0, 0.0), random.uniform(0, 360, 5000), 0.1, 0.3)
    assert none.verdict.startswith("no polarisation shown")
    assert none.degree_68[0] == 0
    assert none.limit_95 < none.limit_99
    much = measure_polarisation(drawn(random, 6000, 0.24, 40.0), random.uniform(0, 360, 5000), 0.1, 0.3)
    assert much.verdict.startswith("polarised")
    assert much.degree_99[0] < much.degree_95[0] < much.degree_68[0] < much.degree
    assert much.degree_99[0] < 0.8 < much.degree_99[1]
    doubtful = measure_polarisation(
        drawn(np.random.default_rng(5), 6000, 0.24, 40.0), np.zeros(0), 0.0, 0.3, modulation_error=0.05
    )
    assert doubtful.error_modulation == pytest.approx(doubtful.degree / 6)
