"""The gallery of transients: events by time, class, instrument, state or text, and what the mesh shows of each."""
