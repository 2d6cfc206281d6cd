"""What an answer carries: products of the protocol, kept below the length that its client can take."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from services.oda_export.analysis.data_unit import DataUnit

MOST_BYTES = 48_000_000
"""Of one answer: beyond some 50 MB the client needs several times as much memory, and finds more to misread."""
BYTES_A_BYTE = 2.0
"""A byte of an array is so many in an answer: a pickle of protocol 2 takes 1.5 for each, base64 four for three."""


@dataclass
class Collection:
    """The products of one answer, in the order in which the client numbers them.

    Args:
        room: bytes that are left.
    """

    room: int = MOST_BYTES
    arrays: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Sources whose products found no room."""

    def add(self, source: str, parts: Sequence[tuple[str, str, Sequence[DataUnit]]], **meta: str | float) -> None:
        """Add the products of one source, all or none.

        Args:
            source: its name; empty for what belongs to no source.
            parts: of each product its name, its kind and its data units.
            meta: further facts.
        """
        products = [
            {
                "name": name,
                "meta_data": json.dumps({"src_name": source, "product": kind, **meta}),
                "data_unit_list": list(units),
            }
            for name, kind, units in parts
        ]
        size = len(json.dumps(products))
        if size > self.room:
            self.left_out.append(source)
            return
        self.room -= size
        self.arrays += products
