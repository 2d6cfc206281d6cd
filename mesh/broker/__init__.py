"""Messages at least once: names, confirmed publishing, draining consumption, and the one table that settles them."""
