"""What simulators of all INTEGRAL instruments share: pointings, on-board time, and the archive's index."""
