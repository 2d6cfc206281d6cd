"""Causes every alarm on real servers, and measures how soon its receiver knows."""
