"""Runs units of work: in containers, in processes, or as doubles for tests."""
