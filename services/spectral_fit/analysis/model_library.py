"""Calls the functions of the XSPEC model library (HEASOFT), as its manual says in appendix C.

Four ways of calling are in use: C and C++ functions in double precision, Fortran in double (``F_``) and in single
precision. All take the edges of the energy bins and give one value for each bin.
"""

import ctypes
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mesh.kit import BadInput
from services.spectral_fit.analysis.model_table import ModelEntry, read_models

Array = NDArray[np.float64]
Call = Callable[[Array, Array, Array], None]
"""Edges, parameters, and the values: those of a convolution are read first, then all are written."""

ABUNDANCES = ("angr", "aspl", "feld", "aneb", "grsa", "wilm", "lodd", "lpgp", "lpgs")
CROSS_SECTIONS = ("vern", "bcmc", "obcm")
TABLES = Path(__file__).with_name("data") / "model_data"
_QUIET = 0
_SPECTRUM = 1  # number of the spectrum: the models of the library do not look at it
_DOUBLES = ctypes.POINTER(ctypes.c_double)
_FLOATS = ctypes.POINTER(ctypes.c_float)


def tables_given() -> bool:
    """Tell whether the operator has put files of the XSPEC model data (HEASOFT's spectral/modelData) into the image."""
    return TABLES.is_dir() and any(TABLES.iterdir())


@cache
def _library() -> ctypes.CDLL:
    if tables_given():
        # The library looks at this variable once, when it is loaded; it joins names to it as they are.
        os.environ["XSPEC_MDATA_DIR"] = f"{TABLES}/"
    import xspectrampoline  # noqa: PLC0415

    library: ctypes.CDLL = xspectrampoline.lib_XSFunctions
    library.FPCHAT(ctypes.c_int(_QUIET))
    return library


@cache
def models() -> dict[str, ModelEntry]:
    """Return the models of the library by their lower-case names."""
    _library()
    import xspectrampoline  # noqa: PLC0415

    return read_models(Path(xspectrampoline.get_HEADAS()) / "spectral" / "manager" / "model.dat")


def set_absorption(abundances: str, cross_sections: str) -> None:
    """Choose the tables of element abundances and photoelectric cross-sections for every later call.

    Raises:
        BadInput: reason ``BadParameter``; the library does not know one of them.
    """
    for function, word in ((_library().FPSOLR, abundances), (_library().FPXSCT, cross_sections)):
        error = ctypes.c_int(0)
        function(word.encode("ascii"), ctypes.byref(error))
        if error.value != 0:
            raise BadInput("BadParameter", f"the model library has no table {word!r}")


def evaluate(entry: ModelEntry, edges_kev: Array, parameters: Array, before: Array | None = None) -> Array:
    """Return the values of one model, one for each bin.

    Args:
        entry: the model; of an additive one the norm is applied.
        edges_kev: edges of the bins, ascending, one more than bins.
        parameters: values of all parameters, the norm included.
        before: the spectrum that a convolution changes, photons/cm2/s in each bin.
    """
    own = np.ascontiguousarray(parameters[:-1] if entry.kind == "add" else parameters, np.float64)
    values = np.zeros(edges_kev.size - 1) if before is None else np.array(before, np.float64)
    _function(entry.function)(np.ascontiguousarray(edges_kev, np.float64), own, values)
    return values * parameters[-1] if entry.kind == "add" else values


@cache
def _function(name: str) -> Call:
    """Return the function that ``model.dat`` names."""
    library = _library()
    if name.startswith("C_"):
        return _c_call(getattr(library, name))
    if name.startswith("c_"):
        return _c_call(getattr(library, name[2:]))
    if name.startswith("F_"):
        return _fortran_call(getattr(library, f"{name[2:].lower()}_"), np.float64)
    return _fortran_call(getattr(library, f"{name.lower()}_"), np.float32)


def _c_call(function: Any) -> Call:
    function.argtypes = [_DOUBLES, ctypes.c_int, _DOUBLES, ctypes.c_int, _DOUBLES, _DOUBLES, ctypes.c_char_p]
    function.restype = None

    def call(edges: Array, parameters: Array, values: Array) -> None:
        errors = np.zeros_like(values)
        function(
            edges.ctypes.data_as(_DOUBLES),
            values.size,
            parameters.ctypes.data_as(_DOUBLES),
            _SPECTRUM,
            values.ctypes.data_as(_DOUBLES),
            errors.ctypes.data_as(_DOUBLES),
            b"",
        )

    return call


def _fortran_call(function: Any, precision: type[np.float64] | type[np.float32]) -> Call:
    kind = _DOUBLES if precision is np.float64 else _FLOATS
    whole = ctypes.POINTER(ctypes.c_int)
    function.argtypes = [kind, whole, kind, whole, kind, kind]
    function.restype = None

    def call(edges: Array, parameters: Array, values: Array) -> None:
        taken = [np.ascontiguousarray(array, precision) for array in (edges, parameters, values, np.zeros_like(values))]
        given = [array.ctypes.data_as(kind) for array in taken]
        number, spectrum = ctypes.c_int(values.size), ctypes.c_int(_SPECTRUM)
        function(given[0], ctypes.byref(number), given[1], ctypes.byref(spectrum), given[2], given[3])
        values[:] = taken[2]

    return call
