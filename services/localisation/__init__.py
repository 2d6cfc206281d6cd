"""Where a transient may have come from, and what of that INTEGRAL and POLAR saw."""
