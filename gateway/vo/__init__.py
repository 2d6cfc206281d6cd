"""What the protocols of the Virtual Observatory (IVOA) share: parameters, VOTables, errors, descriptions of services.

Everything of theirs lies below `/vo`: the jobs of each product (`gateway.uws`), and tables and files found by query.
"""

PREFIX = "/vo"
