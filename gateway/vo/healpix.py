"""Circles as cells of HEALPix in nested order, for coverage maps.

Gorski et al. 2005, ApJ 622, 759: section 4 for the centres of cells, section 5 for their number. Libraries for this
need numpy, which the gateway must not load; it covers circles alone, and the tests compare with mocpy.
"""

import math
from collections.abc import Iterator

from gateway.vo.tap.coverage import Circle, separation

_BASE_RING = (2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4)
_BASE_PHI = (1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7)
"""Ring and longitude of the southernmost corner of the twelve base cells, in units of nside rings and 45 degrees."""


def cells(circle: Circle, order: int) -> Iterator[tuple[int, int]]:
    """Yield order and number of cells that together cover a circle, none finer than *order*.

    A cell at the rim that may reach into the circle is taken: the cells cover more than the circle, never less.
    """
    todo = [(0, number) for number in range(12)]
    while todo:
        depth, number = todo.pop()
        distance = separation(*centre(depth, number), circle.ra, circle.dec)
        reach = _reach(depth)
        if distance > circle.radius + reach:
            continue
        if depth == order or distance + reach <= circle.radius:
            yield depth, number
        else:
            todo += [(depth + 1, 4 * number + child) for child in range(4)]


def centre(order: int, number: int) -> tuple[float, float]:
    """Return right ascension and declination of the centre of a cell [deg]."""
    nside = 1 << order
    base, inside = divmod(number, nside * nside)
    x, y = _even_bits(inside), _even_bits(inside >> 1)
    ring = _BASE_RING[base] * nside - x - y - 1
    if ring < nside:
        count, z, shift = ring, 1 - ring * ring / (3 * nside * nside), 0
    elif ring > 3 * nside:
        count = 4 * nside - ring
        z, shift = count * count / (3 * nside * nside) - 1, 0
    else:
        count, z, shift = nside, (2 * nside - ring) * 2 / (3 * nside), (ring - nside) & 1
    place = (_BASE_PHI[base] * count + x - y + 1 + shift) // 2
    place = (place - 1) % (4 * count) + 1
    phi = (place - (shift + 1) / 2) * (math.pi / 2 / count)
    return math.degrees(phi) % 360, math.degrees(math.asin(z))


def _reach(order: int) -> float:
    """Return how far the corners of any cell are from its centre at most [deg]."""
    nside = 1 << order
    cosine = 1 - (1 - 1 / nside) ** 2 / 3
    return separation(180 / (4 * nside), math.degrees(math.asin(2 / 3)), 0.0, math.degrees(math.asin(cosine)))


def _even_bits(number: int) -> int:
    """Return the number that the bits at even places make."""
    return sum(((number >> (2 * place)) & 1) << place for place in range((number.bit_length() + 1) // 2))
