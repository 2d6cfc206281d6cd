"""Permanent links, `/r/<first digits of a request key>`: which need no account and never end."""
