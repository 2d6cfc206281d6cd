"""Alerts of outside systems: from the bytes of a message to a notice, and from notices to the state of an event.

Everything here is pure: no file, no network, no clock. Doors store what comes in, and the triggers service acts on it.
"""
