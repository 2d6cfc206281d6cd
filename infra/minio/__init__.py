"""The object store's access rules."""
