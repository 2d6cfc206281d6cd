"""From the name of a source to its position: the reference catalogue and its aliases first, then Sesame of the CDS."""
