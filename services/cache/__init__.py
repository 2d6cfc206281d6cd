"""The cache: keeps the index of products equal to what MinIO holds, and counts how often a product was there."""
