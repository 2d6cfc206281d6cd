"""The broker's topology: its generator and the definition files made by it."""
