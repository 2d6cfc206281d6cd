"""Published false-alarm numbers, limits and words of SPI-ACS."""

import numpy as np
import pytest

from services.spiacs.analysis.response import isotropic_energy, limit_counts, relative_response
from services.spiacs.analysis.significance import association, published_fap, published_far, stability


def test_words_of_the_circulars() -> None:
    assert association(0.002) == "likely associated"
    assert association(0.02) == "possibly associated"
    assert association(3.0) == "likely background"
    assert [stability(ratio) for ratio in (1.1, 1.4, 1.9, 2.5)] == [
        "very stable",
        "rather stable",
        "somewhat unstable",
        "very unstable",
    ]


def test_the_spike_term_is_flat_below_two_sigma() -> None:
    assert published_far(1.0, 0.1) - published_far(0.5, 0.1) == pytest.approx((0.158655 - 0.308538) / 0.1, rel=1e-4)
    assert published_fap(4.6, -1.9, 0.1) == published_fap(4.6, 1.9, 0.1)


def test_the_response_is_unknown_where_nothing_is_published() -> None:
    assert relative_response(10.0).value is None
    assert relative_response(75.0).value == pytest.approx(0.97)
    assert relative_response(75.0).orientation == "near-optimal"
    assert relative_response(136.0).orientation == "strongly suppressed"


def test_energy_of_the_circulars() -> None:
    assert isotropic_energy(1.4e-7, 40.0) == pytest.approx(2.7e46, rel=0.02)
    assert isotropic_energy(3.4e-7, 438.0) == pytest.approx(7.9e48, rel=0.02)
    assert isotropic_energy(3.3e-7, 108.0) == pytest.approx(4.6e47, rel=0.02)
    assert isotropic_energy(1.8e-7, 385.0) == pytest.approx(3.2e48, rel=0.02)


def test_limit_counts_of_s230627c() -> None:
    assert limit_counts(83_669.9, 1.1929, 1.0) == pytest.approx(1035.2, abs=0.1)
    assert limit_counts(83_669.9, 1.1857, 8.0) == pytest.approx(2910.3, abs=0.2)
    assert np.array([1.73502e-10, 1.84846e-10]) * 1035.2 == pytest.approx([1.80e-7, 1.91e-7], rel=5e-3)
