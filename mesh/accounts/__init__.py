"""Who may use the mesh, and what they did: accounts, API tokens, roles, the audit trail. Knows no HTTP.

The truth is in MinIO; nothing of it is lost when Redis is flushed.
"""
