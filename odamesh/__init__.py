"""What a user installs: the Python client and the `odamesh` command."""
