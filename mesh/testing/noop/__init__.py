"""The drill instrument: a real service whose analysis does nothing, or misbehaves as it is asked to."""
