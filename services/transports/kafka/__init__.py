"""Kafka both ways: alerts of outside systems in, what the mesh says of them out."""
