"""The protocol of oda_api, version 1.3: a thin door to `mesh.intake`; its spellings stay in this room.

The client takes some answers for the end of everything (201, 202, 204, 307, 401, 404, 429) and retries others (502,
503, 504), parses JSON as Python after replacing ``null`` everywhere, and sends all parameters with every poll.
"""
