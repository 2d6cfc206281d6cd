"""The `odamesh` command as ``python -m odamesh``."""

from odamesh.command import app

app(prog_name="odamesh")
