"""ISGRI's names in its products, and its mounting on the spacecraft."""

from science.coded_mask.camera import Instrument

INSTRUMENT = Instrument(
    label="ISGRI",
    structure="ISGR",
    intensity="INTENSITY",
    keywords=(("INSTRUME", "IBIS", "instrument"), ("DETNAM", "ISGRI", "detector layer")),
    # Row ISGRI of GNRL-IROT-MOD in inst_misalign_20050328.fits of the INTEGRAL instrument characteristics. It moves
    # sources by 7.9' in Z and 3.5' in Y.
    mounting=(
        (9.99996804e-01, -1.02655345e-03, -2.31046490e-03),
        (1.02757846e-03, 9.99999374e-01, 4.42496200e-04),
        (2.31000921e-03, -4.44868970e-04, 9.99997233e-01),
    ),
    catalogue_flag="ISGRI_FLAG",
)
