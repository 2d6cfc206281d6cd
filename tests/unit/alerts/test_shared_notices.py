"""Every published notice that is at hand gives what its list says."""

from pathlib import Path

import pytest

from mesh.alerts.read import read_message
from mesh.contracts.notice import Messenger, Notice, NoticeKind

EARLY, FIRST, INITIAL = NoticeKind.EARLY_WARNING, NoticeKind.PRELIMINARY, NoticeKind.INITIAL
UPDATE, GONE, REPORT = NoticeKind.UPDATE, NoticeKind.RETRACTION, NoticeKind.REPORT

# File -> event, kind, whether it is a test, time, position (RA, Dec, radius, containment).
_RIGHT: dict[str, tuple[str, NoticeKind, bool, str | None, tuple[float, ...] | None]] = {
    "lvk/MS181101ab-1-preliminary.json": ("lvk:MS181101ab", FIRST, True, "2018-11-01T22:22:46.654Z", None),
    "lvk/MS181101ab-2-initial.json": ("lvk:MS181101ab", INITIAL, True, "2018-11-01T22:22:46.654Z", None),
    "lvk/MS181101ab-3-update-ext.json": ("lvk:MS181101ab", UPDATE, True, "2018-11-01T22:22:46.654Z", None),
    "lvk/MS181101ab-4-retraction.json": ("lvk:MS181101ab", GONE, True, None, None),
    "lvk/MS181101ab-1-preliminary.avro": ("lvk:MS181101ab", FIRST, True, "2018-11-01T22:22:46.654Z", None),
    "lvk/MS181101ab-4-retraction.avro": ("lvk:MS181101ab", GONE, True, None, None),
    "lvk/S1234-1-earlywarning.json": ("lvk:S1234", EARLY, True, "2018-06-28T03:08:04.911085Z", None),
    "lvk/G298048-1-Initial.xml": ("lvk:G298048", INITIAL, False, "2017-08-17T12:41:04.445710Z", None),
    "lvk/S190425z-1-Initial.xml": ("lvk:S190425z", INITIAL, False, "2019-04-25T08:18:05.017147Z", None),
    "lvk/S230518h-1-Preliminary.xml": ("lvk:S230518h", FIRST, False, "2023-05-18T12:59:08.000Z", None),
    "lvk/S230518h-2-Initial.xml": ("lvk:S230518h", INITIAL, False, "2023-05-18T12:59:08.000Z", None),
    "lvk/S230518h-3-Update.xml": ("lvk:S230518h", UPDATE, False, "2023-05-18T12:59:08.000Z", None),
    "lvk/S230531f-1-Preliminary-burst.xml": ("lvk:S230531f", FIRST, False, "2023-05-31T00:21:25.000Z", None),
    "lvk/MS260205v-3-Initial-extcoinc.xml": ("lvk:MS260205v", INITIAL, True, "2026-02-05T21:50:35.337493Z", None),
    "lvk/MS260203s-3-Retraction.xml": ("lvk:MS260203s", GONE, True, "2026-02-03T18:45:18.811408Z", None),
    "neutrino/IceCube-200615A-gold-rev0.xml": (
        "icecube:134191_17593623",
        INITIAL,
        False,
        "2020-06-15T14:49:17.370Z",
        (143.4519, 3.7891, 0.9201, 0.9),
    ),
    "neutrino/IceCube-200615A-gold-rev1.xml": (
        "icecube:134191_17593623",
        UPDATE,
        False,
        "2020-06-15T14:49:17.370Z",
        (142.9499, 3.66, 1.2199, 0.9),
    ),
    "neutrino/icecube-230416A-bronze.json": (
        "icecube:137840_57034692",
        INITIAL,
        False,
        "2023-04-16T05:22:26.150574Z",
        (345.82, 9.01, 0.5, 0.9),
    ),
    "neutrino/icecube-lvk-nu-track-S230914ak.json": (
        "icecube-lvk-nu-track-search:S230914ak",
        REPORT,
        False,
        "2023-09-14T11:14:01.000Z",
        None,
    ),
    "grb/GRB170817A-GBM_Gnd_Pos.xml": (
        "fermi-gbm:524666471",
        UPDATE,
        False,
        "2017-08-17T12:41:06.470Z",
        (186.62, -48.84, 17.45, 0.68),
    ),
    "grb/GBM-797448770-1-alert.xml": ("fermi-gbm:797448770", FIRST, False, "2026-04-09T17:32:45.670Z", None),
    "grb/GBM-797448770-2-flt.xml": (
        "fermi-gbm:797448770",
        INITIAL,
        False,
        "2026-04-09T17:32:45.670Z",
        (229.3167, 65.2333, 7.3667, 0.68),
    ),
    "grb/GBM-797448770-3-gnd.xml": (
        "fermi-gbm:797448770",
        UPDATE,
        False,
        "2026-04-09T17:32:45.670Z",
        (301.59, 58.81, 1.11, 0.68),
    ),
    "grb/GBM-797448770-4-fin.xml": (
        "fermi-gbm:797448770",
        UPDATE,
        False,
        "2026-04-09T17:32:45.670Z",
        (298.77, 61.61, 1.99, 0.68),
    ),
    "grb/fermi-gbm-final.json": (
        "fermi-gbm:745121685",
        UPDATE,
        False,
        "2024-08-24T02:14:40.430Z",
        (29.24, -63.62, 1.0, 0.68),
    ),
    "grb/swift-guano-arcmin-update.json": (
        "swift:694215995",
        UPDATE,
        False,
        "2022-12-31T21:46:05.130Z",
        (336.26, 25.139, 0.5, 0.9),
    ),
    "grb/swift-guano-retraction.json": ("swift:694215995", GONE, False, "2022-12-31T21:46:05.130Z", None),
    "grb/Swift-1125809-BAT.xml": (
        "swift:1125809",
        INITIAL,
        False,
        "2022-09-30T11:11:52.120Z",
        (64.7373, 13.3517, 0.05, 0.9),
    ),
    "grb/Swift-1125809-XRT.xml": (
        "swift:1125809",
        UPDATE,
        False,
        "2022-09-30T11:14:42.140Z",
        (64.7149, 13.35, 0.0013, 0.9),
    ),
    "grb/SVOM-sb26030408-1-wakeup.xml": (
        "svom:sb26030408",
        INITIAL,
        False,
        "2026-03-04T09:39:26.573Z",
        (47.0752, 40.9505, 0.1515, 0.9),
    ),
    "grb/SVOM-sb26030408-2-retraction.xml": (
        "svom:sb26030408",
        GONE,
        False,
        "2026-03-04T09:39:26.573Z",
        (47.0752, 40.9505, 0.1515, 0.9),
    ),
    "grb/SVOM-sb26042801-grm-noposition.xml": ("svom:sb26042801", INITIAL, False, "2026-04-28T12:08:33.000Z", None),
    "grb/EP-WXT-01709259773.json": (
        "ep:01709259773",
        INITIAL,
        False,
        "2026-04-09T11:45:11.949Z",
        (184.664, -6.146, 0.05174976, 0.9),
    ),
    "frb/CHIME-detection.xml": (
        "chime:7f17d982b315",
        INITIAL,
        False,
        "1995-01-01T00:00:00.000Z",
        (0.0, 0.0, 0.1185, 0.95),
    ),
    "frb/CHIME-retraction.xml": ("chime:daa68ff4aeaf", GONE, False, "1995-01-01T00:00:00.000Z", None),
    "frb/chime-detection.json": (
        "chime:427325191",
        INITIAL,
        False,
        "2024-09-18T07:19:10.765268Z",
        (346.77850859547, 12.632485229956252, 0.598921231135782, 0.9),
    ),
}


def _read(shared_data: Path, name: str) -> Notice:
    return read_message((shared_data / "alerts" / name).read_bytes()).notice


def test_every_file_has_its_answer_here(shared_data: Path) -> None:
    folders = [shared_data / "alerts" / name for name in ("lvk", "neutrino", "grb", "frb")]
    there = {f"{folder.name}/{path.name}" for folder in folders for path in folder.iterdir()}
    assert there == set(_RIGHT)


@pytest.mark.parametrize("name", _RIGHT)
def test_a_notice_is_what_its_list_says(shared_data: Path, name: str) -> None:
    key, kind, test, time, position = _RIGHT[name]
    found = _read(shared_data, name)
    assert (found.event_key, found.kind, found.test, found.trigger_time) == (key, kind, test, time)
    if position is None:
        assert found.position is None
    else:
        assert found.position is not None
        told = (found.position.ra, found.position.dec, found.position.radius, found.position.containment)
        assert told == pytest.approx(position)


def test_json_and_avro_of_one_alert_are_the_same_content(shared_data: Path) -> None:
    for number in ("1-preliminary", "4-retraction"):
        twins = [
            read_message((shared_data / "alerts/lvk" / f"MS181101ab-{number}.{form}").read_bytes())
            for form in ("json", "avro")
        ]
        assert twins[0].content == twins[1].content
        assert twins[0].maps == twins[1].maps
    files = sorted((shared_data / "alerts/lvk").glob("*.json"))
    assert len({read_message(path.read_bytes()).content for path in files}) == len(files)


def test_maps_are_taken_out_as_they_are(shared_data: Path) -> None:
    message = read_message((shared_data / "alerts/lvk/MS181101ab-3-update-ext.json").read_bytes())
    first, combined = message.notice.map, message.notice.combined_map
    assert first is not None
    assert combined is not None
    assert (first.size, combined.size) == (777_600, 777_600)
    kept = shared_data / "alerts/skymaps/MS181101ab_combined-ext.multiorder.fits"
    assert message.maps[combined.sha256] == kept.read_bytes()
    assert message.notice.coincidence is not None
    assert message.notice.coincidence.time_difference == pytest.approx(2.02)


def test_what_is_particular_to_streams(shared_data: Path) -> None:
    exposure = _read(shared_data, "grb/Swift-1125809-XRT.xml")
    assert not exposure.trigger, "the time is that of an exposure and not of the burst"
    burst = _read(shared_data, "frb/chime-detection.json")
    assert burst.search_time == "2024-09-18T07:19:03.518831Z"
    assert burst.messenger is Messenger.FRB
    assert _read(shared_data, "frb/CHIME-detection.xml").search_time is None, "its two times are years apart"
    report = _read(shared_data, "neutrino/icecube-lvk-nu-track-S230914ak.json")
    assert report.related == ("lvk:S230914ak",)
    gold = _read(shared_data, "neutrino/IceCube-200615A-gold-rev1.xml")
    assert (gold.serial, gold.messenger) == (1, Messenger.NEUTRINO), "its packet number counts across events"
    assert gold.far == pytest.approx(0.2894 / 31_557_600)
    final = _read(shared_data, "grb/fermi-gbm-final.json")
    assert final.aliases == ("bn240812094",)
    assert final.map is not None
    assert final.map.url.endswith("glg_healpix_all_bn240812094.fit")
    merger = _read(shared_data, "lvk/S230518h-2-Initial.xml")
    assert merger.serial == 2
    assert merger.classification["NSBH"] == pytest.approx(0.8642645)
    assert merger.map is not None
    assert merger.map.url.endswith("Bilby.multiorder.fits,0")
