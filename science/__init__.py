"""What analyses share: imported inside containers only, never by a service."""
