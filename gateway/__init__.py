"""The HTTP face of the mesh: it knows messages and records, never the science."""
