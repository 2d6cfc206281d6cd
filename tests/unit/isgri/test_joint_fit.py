"""Joint fits of many channels: the same as one fit after the other in double precision, and what bystanders do."""

import numpy as np
import pytest
from numpy.typing import NDArray

from science.coded_mask.joint_fit import JointModel, fit_jointly

Array = NDArray[np.float64]
_PIXELS, _SOURCES = 3000, 25


def _model(rng: np.random.Generator, *, mapped: bool) -> tuple[JointModel, NDArray[np.float32]]:
    """Sources of which each lights a part of the pixels, two levels and a slope; three channels of different rates."""
    place = np.linspace(-1.0, 1.0, _PIXELS)
    lit = np.abs(place - rng.uniform(-1.2, 1.2, (_SOURCES, 1))) < 0.7
    sources = np.where((rng.random((_SOURCES, _PIXELS)) < 0.5) & lit, 10.0, 0.0)
    templates = np.array([place < 0.0, place >= 0.0, place], float)
    maps = rng.uniform(0.7, 1.3, (3, _PIXELS)) if mapped else None
    levels = np.array([[30.0, 36.0, 2.0], [3.0, 3.5, 0.1], [0.2, 0.25, 0.0]])
    background = levels @ templates * (1.0 if maps is None else maps)
    flux = np.array([1.0, 0.2, 0.02])[:, None] * rng.uniform(0.0, 3.0, _SOURCES)
    counts = rng.poisson(background + flux @ sources).astype(np.float32)
    return JointModel(sources, templates, maps), counts


def _one_by_one(model: JointModel, counts: Array, channel: int) -> tuple[Array, Array]:
    """Return the fluxes of a channel and their errors by three Fisher passes in double precision."""
    rows = np.vstack([model.background(channel), model.sources])
    start = model.background(channel)[:2].sum(axis=0)
    start *= counts.sum() / start.sum()
    variance = np.maximum(start, 1e-12)
    for _ in range(3):
        covariance = np.linalg.inv((rows / variance) @ rows.T)
        parameters = covariance @ (rows / variance @ counts)
        variance = np.maximum(parameters @ rows, np.maximum(0.05 * start, 1e-12))
    return parameters[3:], np.sqrt(np.diag(covariance))[3:]


@pytest.mark.parametrize("mapped", [False, True])
def test_it_is_the_fit_of_each_channel_by_itself(mapped: bool) -> None:
    model, counts = _model(np.random.default_rng(3), mapped=mapped)
    fit = fit_jointly(counts, model)
    for channel in range(3):
        flux, error = _one_by_one(model, counts[channel].astype(np.float64), channel)
        np.testing.assert_allclose(fit.flux_error[:, channel], error, rtol=3e-6)
        np.testing.assert_allclose((fit.flux[:, channel] - flux) / error, 0.0, atol=1e-5)


def test_bystanders_take_their_own_light() -> None:
    model, counts = _model(np.random.default_rng(4), mapped=False)
    whole = fit_jointly(counts, model)
    asked = JointModel(model.sources[:4], model.templates, None, model.sources[4:])
    some = fit_jointly(counts, asked)
    np.testing.assert_allclose(some.flux, whole.flux[:4], atol=1e-6)
    np.testing.assert_allclose(some.flux_error, whole.flux_error[:4], rtol=1e-6)
    channel = np.array([0])
    np.testing.assert_allclose(some.expected(channel), whole.expected(channel), rtol=1e-6)
    lost = fit_jointly(counts, JointModel(model.sources[:4], model.templates))
    assert np.abs((lost.flux - whole.flux[:4]) / whole.flux_error[:4]).max() > 5.0
