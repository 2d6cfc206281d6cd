"""Times of photons: where the spacecraft was, and when the same photon reached the barycentre of the solar system."""
