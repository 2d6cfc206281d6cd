"""What is kept: documents and products in MinIO (the truth), states and indexes in Redis (rebuildable from it)."""
