"""Looks at the folder of one instrument: what would keep it from working, and what is probably not meant."""

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.stack.layout import CHECKOUT
from mesh import ports
from mesh.errors import ContractViolation
from mesh.instrument import Instrument, package_folder
from mesh.instruments import instrument_folders, read_folder
from mesh.runner.local import LocalRunner
from mesh.runner.workspace import Workspace
from mesh.settings import SettingsError


@dataclass
class Findings:
    """What a look at a folder gave."""

    wrong: list[str] = field(default_factory=list)
    """Mistakes: the instrument is left out, or its units fail."""
    doubtful: list[str] = field(default_factory=list)
    """It works, but something is declared for nothing."""


def check(name: str) -> Findings:
    """Look at `services/<name>`; the analysis is loaded in a process of its own."""
    findings = Findings()
    folder = instrument_folders().get(name, CHECKOUT / "services" / name)
    try:
        instrument = read_folder(folder)
    except ContractViolation as error:
        findings.wrong += str(error).split("; ")
        return findings
    file = f"services/{name}/instrument.toml"
    findings.doubtful += [f"{file}: {said}" for said in _declared_for_nothing(instrument)]
    if (given := ports.ports()[name]) != instrument.service.port:
        findings.doubtful.append(f"{file}: service.port: it is missing or another's; {given} is used, write that")
    with TemporaryDirectory() as work:
        try:
            LocalRunner(instrument, Workspace(Path(work))).check()
        except SettingsError as error:
            findings.wrong.append(f"services/{name}/analysis: {error}")
    findings.wrong += _simulator(instrument)
    return findings


def _declared_for_nothing(instrument: Instrument) -> list[str]:
    stages = instrument.stages
    used = {stage for product in instrument.products.values() for stage in product.stages}
    read = {parameter for stage in stages.values() for parameter in stage.parameters}
    found = [f"stages.{stage}: no product has it" for stage in stages if stage not in used]
    found += [f"parameters.{one}: no stage reads it" for one in instrument.parameters if one not in read]
    found += [
        f"products.{name}: {stage} needs {need}, which is none of its stages before it"
        for name, product in instrument.products.items()
        for place, stage in enumerate(product.stages)
        for need in stages[stage].needs
        if need not in product.stages[:place]
    ]
    if instrument.archive is not None and not any(stage.archive for stage in stages.values()):
        found.append("archive: no stage reads it")
    return found


def _simulator(instrument: Instrument) -> list[str]:
    if not (package_folder(instrument.package) / "simulator").is_dir():
        return []
    module = f"{instrument.package}.simulator.scenarios"
    try:
        scenarios = importlib.import_module(module)
    except Exception as error:
        return [f"{module}: it cannot be loaded: {type(error).__name__}: {error}"]
    return [f"{module}: it has no {name}" for name in ("SCENARIOS", "write_archive") if not hasattr(scenarios, name)]
