"""OGIP files that every X-ray tool opens: spectra, responses, light curves, event lists, good time intervals.

Import the module that is needed (``mesh.kit.ogip.spectrum`` and so on); they load astropy, the kit itself does not.
All return HDUs; ``mesh.kit.provenance.write_fits`` writes them. An extension can carry the name that the users of the
original software look for (``ISGR-EVTS-SPE``) because other readers go by HDUCLASS and HDUCLAS1.
"""
