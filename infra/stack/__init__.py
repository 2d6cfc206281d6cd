"""The stack on one machine: sets up and starts the real servers that the mesh stands on."""
