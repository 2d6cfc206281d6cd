"""What every service process shares: start and drain, settings, logs, metrics, health, and the instrument service."""
