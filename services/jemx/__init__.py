"""The JEM-X instrument service."""
