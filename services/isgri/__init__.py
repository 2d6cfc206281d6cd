"""IBIS/ISGRI: coded-mask images of 15-1000 keV."""
