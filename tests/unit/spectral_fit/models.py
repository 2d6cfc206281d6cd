"""A small table of models in the format of the library's own."""

from pathlib import Path

from services.spectral_fit.analysis.model_table import ModelEntry, read_models

TABLE = """\
powerlaw       1  0.         1.e20           C_powerLaw  add  0
PhoIndex " "    1.    -3.0    -2.0    9.0     10.0     0.01

gaussian       2  0.         1.e20           C_gaussianLine  add  0
LineE   keV     6.5   0.      0.      1.e6      1.e6      0.05
Sigma   keV     0.1   0.      0.      10.       20.       .05

bapec          5  0.         1.e20           C_bapec    add  0
kT      keV     1.    0.008   0.008   64.0      64.0      .01
Abundanc " "    1.    0.      0.      5.        5.        -0.001
Redshift " "    0.   -0.999  -0.999   10.       10.       -0.01
Velocity "km/s" 0.    0.      0.      1.e4   1.e4         -10.0
$switch    2

wabs           1  0.03       1.e20           xsabsw    mul  0
nH      "10^22" 1.    0.      0.      1.e5   1.e6         1.e-3

highecut       2  0.         1.e20           xshecu    mul  0
cutoffE keV     10.   0.0001  0.01    1.e6      1.e6      0.01
foldE   keV     15.   0.0001  0.01    1.e6      1.e6      0.01

cflux          3  0.         1.e20           C_cflux    con  0
Emin    keV     0.5   0.      0.      1.e6      1.e6      -0.1
Emax    keV     10.0  0.      0.      1.e6      1.e6      -0.1
lg10Flux cgs   -12.0 -100.   -100.    100.      100.      0.01

pileup         1  0.         1.e20           C_pileup   acn  0
fr_time s       3.241 1e-5    1e-5    100.      100.      -1.0
"""


def some_models(folder: Path) -> dict[str, ModelEntry]:
    """Return the models of the table."""
    path = folder / "model.dat"
    path.write_text(TABLE, encoding="latin-1")
    return read_models(path)
