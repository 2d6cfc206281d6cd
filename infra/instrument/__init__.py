"""Makes, checks and tries the folder of one instrument."""
