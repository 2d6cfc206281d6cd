"""Makes the runner that the settings ask for; only where they say ``auto``, the best that this machine allows."""

from collections.abc import Callable

import structlog

from mesh.errors import EngineUnavailable
from mesh.instrument import Instrument
from mesh.runner.docker import DockerRunner
from mesh.runner.engine import connect
from mesh.runner.fake import FakeRunner
from mesh.runner.local import LocalRunner
from mesh.runner.protocol import Runner
from mesh.runner.warm import WarmRunner
from mesh.runner.workspace import Workspace
from mesh.settings import Settings, SettingsError

_log = structlog.get_logger()


def choose(
    settings: Settings, instrument: Instrument, owner: str, wait: Callable[[EngineUnavailable], None] | None = None
) -> Runner:
    """Return the runner of one instrument service.

    Args:
        settings: ``runner`` is warm, docker, auto, local or fake.
        instrument: whose units it runs.
        owner: name of this service process, unique among all that live or lived.
        wait: called each time no engine answers where one is wanted; it returns to have it tried again. Default: the
            error is raised.

    Raises:
        SettingsError: no runner of that name, or the one named cannot run units here.
        EngineUnavailable: one is wanted, none answers, and *wait* did not wait. Units are never run unconfined for it.
    """
    workspace = Workspace(settings.work / instrument.name)
    match settings.runner:
        case "fake":
            return FakeRunner(workspace)
        case "local":
            return LocalRunner(instrument, workspace)
        case "auto":
            try:
                return _with_engine(settings, instrument, owner, workspace)
            except EngineUnavailable as error:
                _log.warning(
                    "no container engine: units run as processes of this machine, not confined", error=str(error)
                )
                return LocalRunner(instrument, workspace)
        case "docker" | "warm":
            while True:
                try:
                    return _with_engine(settings, instrument, owner, workspace)
                except EngineUnavailable as error:
                    if wait is None:
                        raise
                    wait(error)
        case unknown:
            msg = f"ODAMESH_RUNNER={unknown}: set it to warm, docker, auto, local or fake"
            raise SettingsError(msg)


def _with_engine(settings: Settings, instrument: Instrument, owner: str, workspace: Workspace) -> Runner:
    client = connect(settings.engine_address())
    instrument = with_own_image(settings, instrument)
    cold = DockerRunner(client, instrument, owner, workspace)
    return cold if settings.runner == "docker" else WarmRunner(client, instrument, owner, workspace, cold)


def with_own_image(settings: Settings, instrument: Instrument) -> Instrument:
    """Return an instrument that names the image that this stack built, whatever other stacks of the engine built since.

    Where no set-up has built images here, it keeps the tag that follows from its name.

    Raises:
        SettingsError: the set-up has built images here, but none for it: an older one would do something else.
    """
    digest = settings.image_of(instrument.name)
    if digest is None and settings.images_file.is_file():
        msg = f"there is no image of {instrument.name}: run `odamesh stack images`, which says why"
        raise SettingsError(msg)
    if digest is None:
        return instrument
    return instrument.model_copy(update={"image": instrument.image.model_copy(update={"tag": digest})})
