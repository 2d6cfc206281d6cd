"""The operator's commands: each module is one part of `odamesh`, loaded when it is called."""
