"""The access rules of Redis."""
