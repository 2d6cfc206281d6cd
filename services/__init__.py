"""The services of the mesh: dispatcher, cache and one folder per instrument."""
