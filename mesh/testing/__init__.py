"""Doubles, fixtures and the drill instrument: part of the product, so that services elsewhere can be tested too."""
