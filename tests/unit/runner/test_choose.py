"""The runner that the settings ask for; only ``auto`` goes without an engine where one is wanted."""

from pathlib import Path

import pytest

from mesh.errors import EngineUnavailable
from mesh.instrument import Instrument, read_instrument
from mesh.runner.choose import choose, with_own_image
from mesh.runner.local import LocalRunner
from mesh.runner.workspace import Workspace
from mesh.settings import Settings, SettingsError

_ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def noop() -> Instrument:
    return read_instrument(_ROOT / "mesh/testing/noop/instrument.toml")


def _settings(tmp_path: Path, runner: str) -> Settings:
    return Settings(home=tmp_path, runner=runner, docker_host=f"unix://{tmp_path}/no-engine.sock")


@pytest.mark.parametrize(("asked", "given"), [("fake", "fake"), ("local", "local"), ("auto", "local")])
def test_what_needs_no_engine_runs_without_one(tmp_path: Path, noop: Instrument, asked: str, given: str) -> None:
    assert choose(_settings(tmp_path, asked), noop, "me").name == given


@pytest.mark.parametrize("asked", ["docker", "warm"])
def test_containers_without_an_engine_are_waited_for(tmp_path: Path, noop: Instrument, asked: str) -> None:
    waited: list[str] = []

    def wait(error: EngineUnavailable) -> None:
        waited.append(error.text)
        if len(waited) == 3:
            raise error

    with pytest.raises(EngineUnavailable):
        choose(_settings(tmp_path, asked), noop, "me", wait)
    assert len(waited) == 3
    assert "no container engine listens at" in waited[0]
    with pytest.raises(EngineUnavailable):
        choose(_settings(tmp_path, asked), noop, "me")


@pytest.mark.parametrize("asked", ["docker", "warm"])
def test_an_engine_that_comes_later_is_used(
    tmp_path: Path, noop: Instrument, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([EngineUnavailable("EngineUnavailable", "not yet"), object()])

    def connect(_: str) -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("mesh.runner.choose.connect", connect)
    assert choose(_settings(tmp_path, asked), noop, "me", lambda error: None).name == asked


def test_the_digest_of_a_local_package_says_so_and_stays(tmp_path: Path, noop: Instrument) -> None:
    first = choose(_settings(tmp_path, "local"), noop, "me").image()
    assert first.startswith("local:sha256:")
    assert choose(_settings(tmp_path, "local"), noop, "you").image() == first


def test_a_service_runs_the_image_of_its_own_stack(tmp_path: Path, noop: Instrument) -> None:
    settings = _settings(tmp_path, "warm")
    assert with_own_image(settings, noop).image == noop.image
    settings.images_file.write_text('[images]\nnoop = "sha256:1"\nisgri = "sha256:2"\n')
    assert with_own_image(settings, noop).image == noop.image.model_copy(update={"tag": "sha256:1"})


def test_a_stack_without_an_image_of_the_instrument_says_so(tmp_path: Path, noop: Instrument) -> None:
    settings = _settings(tmp_path, "warm")
    settings.images_file.write_text('[images]\nisgri = "sha256:2"\n')
    with pytest.raises(SettingsError, match="no image of noop: run `odamesh stack images`"):
        with_own_image(settings, noop)


def test_a_process_is_checked_for_the_stages_before_units_come(tmp_path: Path, noop: Instrument) -> None:
    LocalRunner(noop, Workspace(tmp_path)).check()
    image = noop.image.model_copy(update={"analysis": "mesh.testing.noop.lost"})
    with pytest.raises(SettingsError, match="cannot be loaded: ModuleNotFoundError"):
        LocalRunner(noop.model_copy(update={"image": image}), Workspace(tmp_path)).check()
    stages = {**noop.stages, "more": noop.stages["merge"]}
    with pytest.raises(SettingsError, match="STAGES lacks more"):
        LocalRunner(noop.model_copy(update={"stages": stages}), Workspace(tmp_path)).check()
