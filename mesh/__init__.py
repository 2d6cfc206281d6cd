"""The kernel that services and gateway share; it imports neither."""
