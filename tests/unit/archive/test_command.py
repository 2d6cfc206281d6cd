"""`odamesh archive` from the command line."""

from pathlib import Path

from typer.testing import CliRunner

from infra.commands.archive import app

RUNNER = CliRunner()


def test_simulate_index_list(tmp_path: Path) -> None:
    arguments = ["simulate", "galactic-centre", str(tmp_path), "--scws", "2", "--exposure", "5", "--seed", "4"]
    made = RUNNER.invoke(app, arguments)
    assert made.exit_code == 0, made.output
    assert "simulated 201600280010.001" in made.output
    assert "2 science windows (0 without files)" in made.output
    listed = RUNNER.invoke(app, ["list", str(tmp_path)])
    assert listed.exit_code == 0
    assert "201600270010.001  2018-10-29T" in listed.output
    (tmp_path / "idx" / "scw" / "odamesh-index.jsonl").unlink()
    assert "POINTING      ?" in RUNNER.invoke(app, ["list", str(tmp_path)]).output
    (tmp_path / "idx" / "scw" / "GNRL-SCWG-GRP-IDX.fits").unlink()
    assert RUNNER.invoke(app, ["index", str(tmp_path)]).exit_code == 0
    assert "201600280010.001" in RUNNER.invoke(app, ["list", str(tmp_path)]).output


def test_errors_end_with_one_line_and_status_1(tmp_path: Path) -> None:
    for arguments in (
        ["index", str(tmp_path)],
        ["index", str(tmp_path / "absent")],
        ["list", str(tmp_path)],
        ["list", "ftp://archive.example/"],
        ["simulate", "andromeda", str(tmp_path)],
        ["simulate", "acs-burst", str(tmp_path), "--scws", "2"],
    ):
        result = RUNNER.invoke(app, arguments)
        assert result.exit_code == 1
        assert result.output.startswith("error: ")
        assert result.output.count("\n") == 1


def test_simulated_bursts_come_as_slices(tmp_path: Path) -> None:
    for scenario, instrument, count in (("acs-burst", "spiacs", 2), ("polar-burst", "polar", 2)):
        made = RUNNER.invoke(app, ["simulate", scenario, str(tmp_path)])
        assert made.exit_code == 0, made.output
        assert made.output.count("simulated ") == count
        assert f"{count} slices of {instrument} in " in made.output


def test_scenarios_are_those_of_the_simulators_in_the_folders() -> None:
    listed = RUNNER.invoke(app, ["scenarios"]).output
    for instrument, scenario in (("isgri", "galactic-centre"), ("jemx", "jemx-crab"), ("polar", "polar-quiet")):
        assert any(line.split()[:2] == [instrument, scenario] for line in listed.splitlines())
