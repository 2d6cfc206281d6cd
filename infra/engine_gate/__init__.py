"""Stands between the instrument services and the container engine, whose socket would make anybody root."""
