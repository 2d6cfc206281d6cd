"""`python -m odamesh`: the same as the `odamesh` command."""

from odamesh.command import app

app(prog_name="odamesh")
