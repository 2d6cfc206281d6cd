"""Anything at all is sent to every address of the gateway, well formed and broken; what comes back must be decent."""
