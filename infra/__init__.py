"""The servers and images that the mesh stands on."""
