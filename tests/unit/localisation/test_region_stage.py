"""The stage ``region``: maps and circles to regions, picture and report."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from mocpy import MOC

from science.sky_maps.circle import circle
from science.sky_maps.files import sky_map_hdus
from science.sky_maps.reading import read_sky_map
from science.sky_maps.sky_map import SPHERE_DEG2, SkyMap
from tests.unit.localisation.stage_runs import run


def _content(sky: SkyMap) -> bytes:
    stream = io.BytesIO()
    sky_map_hdus(sky).writeto(stream)
    return stream.getvalue()


def _report(out: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((out / "sky_map.json").read_text(encoding="utf-8"))
    return report


def test_a_map_gives_regions_picture_and_report(tmp_path: Path) -> None:
    content = _content(circle(83.6, 22.0, 5.0, 0.9))
    manifest, out = run(tmp_path / "unit", "region", sky_map=content)
    assert {file["name"] for file in manifest["files"]} == {
        *("sky_map.fits", "region_50.moc.fits", "region_90.moc.fits", "sky_map.json", "preview.png")
    }
    report = _report(out)
    area = SPHERE_DEG2 * (1 - np.cos(np.radians(5.0))) / 2
    assert report["area_90_deg2"] == pytest.approx(area, rel=0.03)
    assert report["source"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert manifest["summary"]["area_90_deg2"] == pytest.approx(report["area_90_deg2"])
    moc = MOC.from_fits(str(out / "region_90.moc.fits"))
    assert moc.sky_fraction * SPHERE_DEG2 == pytest.approx(report["area_90_deg2"], rel=0.01)
    assert moc.contains_lonlat(*_degrees(83.6, 22.0)).all()
    assert not moc.contains_lonlat(*_degrees(83.6, 28.0)).any()
    again = read_sky_map(out / "sky_map.fits")
    assert again.peak == pytest.approx(read_sky_map(next(tmp_path.glob("unit-upload/*"))).peak)
    assert any(line.startswith("odamesh key") for line in fits.getheader(out / "sky_map.fits")["HISTORY"])


def _degrees(ra: float, dec: float) -> tuple[Any, Any]:
    from astropy import units  # noqa: PLC0415

    return [ra] * units.deg, [dec] * units.deg


def test_the_same_map_gives_the_same_bytes(tmp_path: Path) -> None:
    content = _content(circle(10.0, -60.0, 20.0, 0.5))
    files = []
    for name in ("one", "two"):
        manifest, _ = run(tmp_path / name, "region", sky_map=content)
        files.append({file["name"]: file["sha256"] for file in manifest["files"]})
    assert files[0] == files[1]


def test_a_circle_is_a_map_too(tmp_path: Path) -> None:
    manifest, out = run(tmp_path / "unit", "region", position="186.62, -48.84", error_radius=17.45, containment=0.68)
    report = _report(out)
    assert report["source"] == {
        **{"kind": "circle", "ra": 186.62, "dec": -48.84},
        **{"radius_deg": 17.45, "containment": 0.68, "systematic": "none"},
    }
    assert manifest["summary"]["peak"]["ra"] == pytest.approx(186.62, abs=2.0)


def test_without_map_and_position_it_is_the_whole_sky(tmp_path: Path) -> None:
    _, out = run(tmp_path / "unit", "region")
    assert _report(out)["area_90_deg2"] == pytest.approx(0.9 * SPHERE_DEG2)


def test_a_map_that_was_mended_says_so(tmp_path: Path) -> None:
    sky = circle(83.6, 22.0, 5.0, 0.9)
    less = SkyMap(sky.order, sky.place, 0.999 * sky.density)
    manifest, out = run(tmp_path / "unit", "region", sky_map=_content(less))
    assert "0.99900" in manifest["warnings"][0]
    assert _report(out)["source"]["renormalised"] == 1


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"sky_map": b"no map at all" * 1000}, "BadSkyMap"),
        ({"position": "83.6, 22", "error_radius": 0.0}, "BadPosition"),
        ({"position": "83.6", "error_radius": 1.0}, "BadPosition"),
        ({"position": "83.6, 122", "error_radius": 1.0}, "BadPosition"),
        ({"position": "nan, 1", "error_radius": 1.0}, "BadPosition"),
    ],
)
def test_what_cannot_be_understood_is_told(tmp_path: Path, given: dict[str, Any], reason: str) -> None:
    failure, _ = run(tmp_path / "unit", "region", **given)
    assert (failure["kind"], failure["reason"]) == ("usage", reason)


def test_a_map_and_a_position_are_one_too_many(tmp_path: Path) -> None:
    content = _content(circle(83.6, 22.0, 5.0, 0.9))
    failure, _ = run(tmp_path / "unit", "region", sky_map=content, position="83.6, 22", error_radius=1.0)
    assert failure["reason"] == "TwoPositions"
