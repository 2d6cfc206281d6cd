"""INTEGRAL SPI-ACS: count rates of the whole sky, searched for bursts."""
