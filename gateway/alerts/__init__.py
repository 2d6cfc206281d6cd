"""Alerts over HTTP: brokers post them and get a receipt, everybody reads what the mesh says of the events."""
