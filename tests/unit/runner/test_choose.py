"""The runner that the settings ask for, and the fall-back where no engine answers."""

from pathlib import Path

import pytest

from mesh.instrument import Instrument, read_instrument
from mesh.runner.choose import choose, with_own_image
from mesh.settings import Settings, SettingsError

_ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def noop() -> Instrument:
    return read_instrument(_ROOT / "mesh/testing/noop/instrument.toml")


def _settings(tmp_path: Path, runner: str) -> Settings:
    return Settings(home=tmp_path, runner=runner, docker_host=f"unix://{tmp_path}/no-engine.sock")


@pytest.mark.parametrize(
    ("asked", "given"), [("fake", "fake"), ("local", "local"), ("docker", "local"), ("warm", "local")]
)
def test_where_no_engine_answers_processes_run_units(tmp_path: Path, noop: Instrument, asked: str, given: str) -> None:
    assert choose(_settings(tmp_path, asked), noop, "me").name == given


def test_an_unknown_runner_is_named_with_the_known_ones(tmp_path: Path, noop: Instrument) -> None:
    with pytest.raises(SettingsError, match="warm, docker, local or fake"):
        choose(_settings(tmp_path, "warmish"), noop, "me")


def test_the_digest_of_a_local_package_says_so_and_stays(tmp_path: Path, noop: Instrument) -> None:
    first = choose(_settings(tmp_path, "local"), noop, "me").image()
    assert first.startswith("local:sha256:")
    assert choose(_settings(tmp_path, "local"), noop, "you").image() == first


def test_a_service_runs_the_image_of_its_own_stack(tmp_path: Path, noop: Instrument) -> None:
    settings = _settings(tmp_path, "warm")
    assert with_own_image(settings, noop).image == noop.image
    settings.images_file.write_text('[images]\nnoop = "sha256:1"\nisgri = "sha256:2"\n')
    assert with_own_image(settings, noop).image == noop.image.model_copy(update={"tag": "sha256:1"})
