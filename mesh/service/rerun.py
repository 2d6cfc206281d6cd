"""Runs the units of stored products again, on their own, and compares what comes out byte for byte."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from mesh.contracts import Lane, Manifest, ProductFile, Unit
from mesh.errors import EngineUnavailable, StoreUnavailable, TransientFailure, UnitFailure
from mesh.instrument import Instrument
from mesh.runner.directory import UnitDirectory
from mesh.runner.product import verify_files
from mesh.runner.protocol import Runner, Work
from mesh.service.unit_inputs import Archive, ProductSource, prepare

_CHANGED_INPUT = "ScWDataChanged"


class Verdict(StrEnum):
    """What became of one product."""

    IDENTICAL = "identical"
    DIFFERENT = "different"
    FAILED = "failed"
    """The unit gave a product once and gives none now."""
    NOT_RUN = "not run"
    """Its image, an input or the engine is not to be had: nothing is said about the product."""


@dataclass(frozen=True)
class Rerun:
    """One product, made again."""

    manifest: Manifest
    verdict: Verdict
    seconds: float = 0.0
    text: str = ""
    """Which files differ, or why there is nothing to compare."""


@dataclass
class Rerunner:
    """Makes stored products again and stores nothing.

    Args:
        instruments: by name.
        open_runner: makes the runner of an instrument whose ``image.tag`` is the digest that made the product.
        products: gives the products of earlier stages.
        archive: opens the archive.
        keep: directory for what differs, as ``<key>/<file>``; None: it is dropped.
    """

    instruments: Mapping[str, Instrument]
    open_runner: Callable[[Instrument], Runner]
    products: ProductSource
    archive: Callable[[], Archive]
    keep: Path | None = None
    _runners: dict[tuple[str, str], Runner] = field(default_factory=dict)

    def again(self, manifest: Manifest) -> Rerun:
        """Run the unit of a product once more and compare the files.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        try:
            instrument, runner = self._runner(manifest)
            return self._compare(manifest, instrument, runner)
        except StoreUnavailable:
            raise
        except TransientFailure as failure:
            return Rerun(manifest, Verdict.NOT_RUN, text=str(failure))
        except UnitFailure as failure:
            verdict = Verdict.NOT_RUN if failure.reason == _CHANGED_INPUT else Verdict.FAILED
            return Rerun(manifest, verdict, text=str(failure))

    def close(self) -> None:
        """End what the runners keep."""
        for runner in self._runners.values():
            runner.close()

    def _runner(self, manifest: Manifest) -> tuple[Instrument, Runner]:
        if manifest.instrument not in self.instruments:
            raise EngineUnavailable("NoInstrument", f"there is no instrument {manifest.instrument} here")
        instrument = self.instruments[manifest.instrument]
        image = instrument.image.model_copy(update={"tag": manifest.image})
        instrument = instrument.model_copy(update={"image": image})
        place = (manifest.instrument, manifest.image)
        if place not in self._runners:
            self._runners[place] = self.open_runner(instrument)
        runner = self._runners[place]
        if (found := runner.image()) != manifest.image:
            text = f"it was made with {manifest.image}, which is not here; here is {found}"
            raise EngineUnavailable("OtherImage", text)
        return instrument, runner

    def _compare(self, manifest: Manifest, instrument: Instrument, runner: Runner) -> Rerun:
        directory = runner.directory(manifest.key)
        with directory.hold():
            try:
                prepare(_unit(manifest), directory, self.products, self.archive)
                outcome = runner.run(Work(manifest.key, directory, instrument.limits), lambda step: None)
                verify_files(directory.out, outcome.product)
                differences = _differences(manifest.files, outcome.product.files)
                if differences and self.keep is not None:
                    _keep(directory, outcome.product.files, self.keep / manifest.key)
            finally:
                directory.remove()
        verdict = Verdict.DIFFERENT if differences else Verdict.IDENTICAL
        return Rerun(manifest, verdict, round(outcome.seconds, 3), "; ".join(differences))


def _unit(manifest: Manifest) -> Unit:
    return Unit(
        key=manifest.key,
        instrument=manifest.instrument,
        stage=manifest.stage,
        label=manifest.label,
        parameters=manifest.parameters,
        inputs=manifest.inputs,
        image=manifest.image,
        calibration=manifest.calibration,
        lane=Lane.BATCH,
        user="rerun",
        run_id=manifest.run_id,
    )


def _differences(stored: tuple[ProductFile, ...], made: tuple[ProductFile, ...]) -> list[str]:
    before = {file.name: file for file in stored}
    now = {file.name: file for file in made}
    told = [f"{name} is not made any more" for name in sorted(before.keys() - now.keys())]
    told += [f"{name} was not made before" for name in sorted(now.keys() - before.keys())]
    for name in sorted(before.keys() & now.keys()):
        if (old := before[name]).sha256 != (new := now[name]).sha256:
            told.append(f"{name}: {old.size} bytes {old.sha256[:12]} stored, {new.size} bytes {new.sha256[:12]} now")
    return told


def _keep(directory: UnitDirectory, files: tuple[ProductFile, ...], into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for file in files:
        (into / file.name).write_bytes((directory.out / file.name).read_bytes())
