"""A job as one file: zip, tar, or a Research Object; written while it is sent, never held as a whole."""
