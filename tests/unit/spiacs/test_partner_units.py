"""Light curves of partners with units of their own."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from services.spiacs.analysis.partner_curve import read_partner_curve


@pytest.mark.parametrize("unit", ["d", "s", "ms"])
@pytest.mark.parametrize("zero_unit", ["d", "s"])
def test_units_of_time_and_of_its_origin(tmp_path: Path, unit: str, zero_unit: str) -> None:
    scale, zero_scale = ({"d": 86400.0, "s": 1.0, "ms": 1e-3}[one] for one in (unit, zero_unit))
    columns = [
        fits.Column("RATE", "D", unit="count/s", array=np.arange(100.0) + 5),
        fits.Column("TIME", "D", unit=unit, array=(np.arange(100) + 0.5) * 0.1 / scale),
        fits.Column("ERROR", "D", unit="count/s", array=np.ones(100)),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="RATE")
    cards = {"HDUCLAS1": "LIGHTCURVE", "MJDREF": 51544.0, "TIMESYS": "TT", "TIMEUNIT": zero_unit, "TIMEPIXR": 0.5}
    table.header.update(cards | {"TIMEZERO": 5.0e8 / zero_scale, "TIMEDEL": 0.1 / scale})
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(tmp_path / "curve.fits")
    found = read_partner_curve([tmp_path / "curve.fits"])
    assert found.curve.bin_s == pytest.approx(0.1)
    assert found.curve.start_s == pytest.approx(5.0e8, abs=1e-4)
    assert found.curve.counts[:2] == pytest.approx([0.5, 0.6])
