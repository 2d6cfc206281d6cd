"""Brings what the mesh says of events to others, and alerts of others in: signed webhooks, and Kafka both ways."""
