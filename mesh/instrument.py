"""Reads `instrument.toml`, the single source of what an instrument takes, makes and needs."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from mesh.contracts.document import Part
from mesh.errors import ContractViolation, InvalidParameter, UnknownParameter, UnknownProduct
from mesh.parameters import Parameter

DAY_S = 86400
INTERVAL = "interval"
INSTRUMENT_FILE = "instrument.toml"
_DERIVED = ("tag", "analysis", "source")
ROOT = Path(__file__).resolve().parent.parent
"""Of the project: the path of a package below it is its import name."""


class ArchiveFiles(Part):
    """Which archive file of a science window, or of a slice of time, this instrument reads."""

    role: str
    files: tuple[str, ...]
    """Names in order of preference; the first that exists is taken."""
    together: bool = False
    """All of the files that exist are taken instead: the instrument has several units, each with a file."""
    slice_s: int | None = Field(default=None, gt=0)
    """Length of its slices of time [s], a whole number of them a day; None for an archive of science windows."""
    operated: tuple[str, str] | None = None
    """When it took data, UTC in ISO form: why there is nothing before and after."""

    @model_validator(mode="after")
    def _slices_fill_a_day(self) -> Self:
        if self.slice_s is not None and DAY_S % self.slice_s:
            msg = f"slice_s = {self.slice_s} does not divide a day of {DAY_S} s"
            raise ValueError(msg)
        return self


class Beside(Part):
    """Files that an archive may have beside its science windows; stages that name them get the first that is there."""

    help: str
    files: tuple[str, ...]
    """Paths below the archive, in order of preference."""
    window: bool = False
    """Whether each science window has its own, in its folder; the paths are then names."""
    only_for: Mapping[str, str | bool] = {}
    """Parameter -> the value that they matter for."""


class Image(Part):
    """The container image of the analysis; its file declares the libraries, the rest follows from the file's place."""

    tag: str
    analysis: str
    """Import name of the analysis package, whose folder has the Dockerfile."""
    libraries: tuple[str, ...] = ()
    """Import names of packages that several analyses share; the build context holds them too."""


class Service(Part):
    """The process that serves the instrument."""

    port: int | None = Field(default=None, ge=1024, le=65535)
    """Of /livez, /readyz and /metrics on loopback; one that is free if none is declared."""


class Limits(Part):
    """What one unit may use; the sandbox enforces it."""

    slots: int = Field(ge=1)
    """Units at once in one service process."""
    cpus: float = Field(gt=0)
    memory_mb: int = Field(gt=0)
    seconds: float = Field(gt=0)
    pids: int = Field(gt=0)
    tmp_mb: int = Field(gt=0)
    output_mb: int = Field(gt=0)


class Epochs(Part):
    """Blocks of revolutions, of each of which the mesh analyses some windows that it chooses itself."""

    revolutions: int = Field(ge=1)
    """Length of a block; the first one begins with revolution 0."""
    windows: int = Field(ge=1)
    """Most windows of a block."""
    least: int = Field(ge=1)
    """With fewer windows of other pointings a science window goes without what is made of its epoch."""
    apart_deg: float = Field(gt=0)
    """Pointings nearer to each other than this count as one [deg]."""


class Stage(Part):
    """A step of the plan that is run, stored and cached as a whole."""

    scope: Literal["scw", "slice", "job", "epoch_scw", "epoch"]
    """Once per science window, once per slice of time on the grid of the archive, or once per job; once per window that
    the mesh chooses of an epoch (``epoch_scw``), or once per epoch."""
    parameters: tuple[str, ...]
    steps: tuple[str, ...]
    """Names of the steps inside, in order: the columns of the live table."""
    needs: tuple[str, ...] = ()
    """Earlier stages whose products it reads."""
    archive: bool = False
    """Whether it reads the archive."""
    beside: tuple[str, ...] = ()
    """What it reads of the archive besides the data of science windows, where that is there."""
    interval: bool = False
    """Whether the time range of the request changes its result: it is told as parameter ``interval``."""
    only_for: Mapping[str, str | bool] = {}
    """Parameter -> the value for which it is part of a plan."""
    fixed: Mapping[str, Any] = {}
    """Parameters with values that no request changes."""

    @property
    def of_epochs(self) -> bool:
        """Whether it works on windows that the mesh chooses, and not on those of the request."""
        return self.scope in {"epoch_scw", "epoch"}


Role = Literal["image", "catalogue", "spectrum", "curve", "burst", "fit", "models"]
"""What a file of a product is to whoever shows it."""


class Product(Part):
    """What a caller can ask for."""

    title: str
    help: str
    stages: tuple[str, ...]
    replaced_by_list: Mapping[str, tuple[str, ...]] = {}
    """Parameter -> stages that are left out when the caller gives a list for it instead of a word."""
    results: Mapping[str, Role] = {}
    """Pattern of the names of its files (``*`` and ``?``) -> what they are; of others nothing is shown."""


class OdaApi(Part):
    """What the instrument is in the protocol of oda_api."""

    name: str
    """Its name there."""
    products: Mapping[str, Literal["image", "spectrum", "light_curve", "fit"]]
    """Its products that are there too, under the same names, and what each is; a fit is one of its spectra."""
    fit: Mapping[str, Any] = {}
    """Parameters of the fit of its spectra there."""
    band: tuple[float, float] | None = None
    """Default of E1_keV and E2_keV; None: it has no energies there."""
    energies: tuple[float, float] | None = None
    """Lowest and highest energy of a band there [keV]; None: the limits of parameter ``bands``."""
    clip_band: bool = False
    """Whether a band beyond the limits of parameter ``bands`` is cut to them instead of refused."""
    radius: float | None = None
    """Default radius of the cone of pointings in degrees; None: it has no science windows."""

    @property
    def spectrum(self) -> str | None:
        """Its product that has spectra; None: it has none there."""
        return next((name for name, kind in self.products.items() if kind == "spectrum"), None)

    @model_validator(mode="after")
    def _fits_have_spectra(self) -> Self:
        if "fit" in self.products.values() and self.spectrum is None:
            msg = "[oda_api] has a fit but no product of kind spectrum that could be fitted"
            raise ValueError(msg)
        return self


class Instrument(Part):
    """One instrument of the mesh."""

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    title: str
    help: str
    calibration: str
    image: Image
    limits: Limits
    parameters: Mapping[str, Parameter]
    products: Mapping[str, Product]
    stages: Mapping[str, Stage]
    archive: ArchiveFiles | None = None
    beside: Mapping[str, Beside] = {}
    epochs: Epochs | None = None
    service: Service = Service()
    oda_api: OdaApi | None = None

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        for name, stage in self.stages.items():
            if missing := [entry for entry in stage.parameters if entry not in self.parameters]:
                msg = f"stage {name} uses undeclared parameters {missing}"
                raise ValueError(msg)
            if missing := [entry for entry in stage.needs if entry not in self.stages]:
                msg = f"stage {name} needs unknown stages {missing}"
                raise ValueError(msg)
            if stage.archive and self.archive is None:
                msg = f"stage {name} reads the archive, but the instrument has no [archive]"
                raise ValueError(msg)
            if stage.scope != "job" and (stage.scope == "slice") != self.sliced:
                msg = f"stage {name} has scope {stage.scope}, but [archive] slice_s says otherwise"
                raise ValueError(msg)
            if stage.interval and (not self.sliced or INTERVAL in self.parameters):
                msg = f"stage {name} is told the interval: that takes [archive] slice_s and no parameter {INTERVAL!r}"
                raise ValueError(msg)
        for name, product in self.products.items():
            if missing := [entry for entry in product.stages if entry not in self.stages]:
                msg = f"product {name} has unknown stages {missing}"
                raise ValueError(msg)
            for listed, stages in product.replaced_by_list.items():
                if listed not in self.parameters or not set(stages) < set(product.stages):
                    msg = f"product {name} has no parameter {listed} that could take the place of {list(stages)}"
                    raise ValueError(msg)
        for name, parameter in self.parameters.items():
            try:
                parameter.canonical(name, parameter.default)
            except InvalidParameter as error:
                msg = f"default of {name}: {error}"
                raise ValueError(msg) from error
        return self

    @model_validator(mode="after")
    def _files_beside_exist(self) -> Self:
        for name, stage in self.stages.items():
            if missing := [entry for entry in stage.beside if entry not in self.beside]:
                msg = f"stage {name} reads undeclared files {missing} beside the archive"
                raise ValueError(msg)
        if strange := {key for one in self.beside.values() for key in one.only_for} - set(self.parameters):
            msg = f"files beside the archive depend on undeclared parameters {sorted(strange)}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _stages_have_what_they_declare(self) -> Self:
        for name, stage in self.stages.items():
            if stage.of_epochs and self.epochs is None:
                msg = f"stage {name} has scope {stage.scope}, but the instrument has no [epochs]"
                raise ValueError(msg)
            for parameter, value in (*stage.fixed.items(), *stage.only_for.items()):
                if parameter not in self.parameters:
                    msg = f"stage {name} gives a value to undeclared parameter {parameter!r}"
                    raise ValueError(msg)
                try:
                    self.parameters[parameter].canonical(parameter, value)
                except InvalidParameter as error:
                    msg = f"stage {name}, value of {parameter}: {error}"
                    raise ValueError(msg) from error
        return self

    @property
    def package(self) -> str:
        """Import name of its folder."""
        return self.image.analysis.rpartition(".")[0]

    @property
    def sliced(self) -> bool:
        """Whether its data are cut by time and not by science window."""
        return self.archive is not None and self.archive.slice_s is not None

    def takes_windows(self, product: str) -> bool:
        """Tell whether *product* is made of science windows or slices, not of what its parameters name alone."""
        stages = [self.stages[stage] for stage in self.product(product).stages]
        return any(stage.scope != "job" or stage.archive for stage in stages)

    def product(self, name: str) -> Product:
        """Return a product.

        Raises:
            UnknownProduct: names the known ones.
        """
        if name not in self.products:
            known = ", ".join(self.products)
            msg = f"{self.name} has no product {name!r}; it makes: {known}"
            raise UnknownProduct(msg, field="product", allowed=known)
        return self.products[name]

    def stages_of(self, product: str, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the stages of *product* for these canonical parameters, in order."""
        declared = self.product(product)
        left_out = {
            stage
            for parameter, stages in declared.replaced_by_list.items()
            if isinstance(parameters.get(parameter), (list, tuple))
            for stage in stages
        }
        return tuple(
            stage
            for stage in declared.stages
            if stage not in left_out
            and all(parameters.get(name) == value for name, value in self.stages[stage].only_for.items())
        )

    def product_parameters(self, product: str) -> dict[str, Parameter]:
        """Return the parameters that any stage of *product* reads, in the order of the file."""
        used = {name for stage in self.product(product).stages for name in self.stages[stage].parameters}
        return {name: parameter for name, parameter in self.parameters.items() if name in used}

    def canonical_parameters(self, product: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return every parameter of *product* in canonical form, defaults filled in.

        Raises:
            UnknownProduct, UnknownParameter, InvalidParameter: name the field and what is allowed.
        """
        declared = self.product_parameters(product)
        for name in given:
            if name not in declared:
                known = ", ".join(declared)
                msg = f"{product} has no parameter {name!r}; it takes: {known}"
                raise UnknownParameter(msg, field=f"parameters.{name}", allowed=known)
        return {
            name: parameter.canonical(name, given.get(name, parameter.default)) for name, parameter in declared.items()
        }

    def given_products(self, parameters: Mapping[str, Any], stage: str | None = None) -> dict[str, list[str]]:
        """Return the keys of products of earlier jobs that *parameters* name, by parameter; of one *stage* if given."""
        names = self.parameters if stage is None else self.stages[stage].parameters
        return {
            name: parameters[name]
            for name in names
            if self.parameters[name].type == "products" and isinstance(parameters.get(name), (list, tuple))
        }

    def given_uploads(self, parameters: Mapping[str, Any], stage: str | None = None) -> dict[str, list[str]]:
        """Return the files that callers sent and that *parameters* name, by parameter; of one *stage* if given."""
        names = self.parameters if stage is None else self.stages[stage].parameters
        return {
            name: parameters[name] for name in names if name in parameters and self.parameters[name].type == "uploads"
        }

    def given_files(self, parameters: Mapping[str, Any], stage: str) -> dict[str, list[str]]:
        """Return the files of the archive that *parameters* name for *stage*, by parameter."""
        names = self.stages[stage].parameters
        return {name: parameters[name] for name in names if self.parameters[name].type == "files"}

    def files_beside(self, parameters: Mapping[str, Any], stage: str, *, window: bool) -> dict[str, tuple[str, ...]]:
        """Return what *stage* reads besides the data of science windows, by kind, in order of preference.

        Args:
            parameters: canonical; what does not matter for them is left out.
            stage: its name.
            window: whether the files that each window has, or those of the archive.
        """
        declared = ((name, self.beside[name]) for name in self.stages[stage].beside)
        parameters = {**parameters, **self.stages[stage].fixed}
        return {
            name: one.files
            for name, one in declared
            if one.window == window
            and all(parameters.get(parameter) == value for parameter, value in one.only_for.items())
        }

    def stage_parameters(
        self, stage: str, parameters: Mapping[str, Any], interval: tuple[str, str] | None = None
    ) -> dict[str, Any]:
        """Return those of the canonical *parameters* that *stage* reads: the ones that enter its key.

        Args:
            stage: its name.
            parameters: of the product.
            interval: time range of the request, UTC; told to stages that ask for it.
        """
        declared = self.stages[stage]
        read = {name: parameters[name] for name in declared.parameters if name in parameters}
        read |= {name: self.parameters[name].canonical(name, value) for name, value in declared.fixed.items()}
        if declared.interval and interval is not None:
            read[INTERVAL] = list(interval)
        return read


def read_instrument(path: Path, root: Path = ROOT) -> Instrument:
    """Read one `instrument.toml`; what follows from its folder is filled in.

    Args:
        path: of the file.
        root: of the project that it belongs to.

    Raises:
        ContractViolation: names file, key and reason of every mistake.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{place(path, root)}: {error}"
        raise ContractViolation(msg) from error
    folder = path.parent
    image = content.get("image", {})
    complaints = ["name: it is that of the folder; remove the key"] if "name" in content else []
    if isinstance(image, dict):
        complaints += [f"image.{key}: it follows from the folder; remove the key" for key in _DERIVED if key in image]
        package = place(folder, root).replace(os.sep, ".")
        content["image"] = {**image, "tag": f"odamesh/{folder.name}", "analysis": f"{package}.analysis"}
    try:
        instrument = Instrument.model_validate({**content, "name": folder.name})
    except ValidationError as error:
        complaints += [_complaint(one) for one in error.errors()]
    if complaints:
        msg = "; ".join(f"{place(path, root)}: {complaint}" for complaint in complaints)
        raise ContractViolation(msg)
    return instrument


def _complaint(error: ErrorDetails) -> str:
    """Say key and reason of one mistake."""
    key = ".".join(map(str, error["loc"]))
    match error["type"]:
        case "missing":
            reason = "it is missing"
        case "extra_forbidden":
            reason = "there is no such key"
        case _:
            reason = error["msg"].removeprefix("Value error, ")
            if isinstance(error["input"], (str, int, float, bool)):
                reason += f", not {error['input']!r}"
    return f"{key}: {reason}" if key else reason


def place(path: Path, root: Path = ROOT) -> str:
    """Return a path as it stands in the project; of others, the last two parts."""
    if path.is_relative_to(root):
        return str(path.relative_to(root))
    return str(Path(*path.parts[-2:]))


def package_folder(name: str, root: Path = ROOT) -> Path:
    """Return the folder of a package of the project by its import name."""
    return root.joinpath(*name.split("."))
