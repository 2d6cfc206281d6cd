"""The dispatcher: turns requests into plans, releases units fairly, collects what became of them, ends runs."""
