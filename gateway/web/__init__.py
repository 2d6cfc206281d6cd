"""The web page: its sources, and how the gateway serves what was built of them."""
