"""Intake on doubles."""

from dataclasses import dataclass, field

import pytest

from mesh.contracts import JobView
from mesh.intake import Caller, Intake, Limits, Wish
from tests.unit.gateway.doubles import MemoryProducts, MemoryQuota, MemoryRecords, RecordingPublisher

WISH = Wish.model_validate(
    {"instrument": "isgri", "product": "isgri_image", "selection": {"scws": ["201600270010", "201600280010"]}}
)
ADA = Caller(name="ada")


@dataclass
class Mesh:
    """Intake and its doubles."""

    records: MemoryRecords = field(default_factory=MemoryRecords)
    products: MemoryProducts = field(default_factory=MemoryProducts)
    quota: MemoryQuota = field(default_factory=MemoryQuota)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self.publisher = RecordingPublisher(self.records)
        self.intake = Intake(
            records=self.records,
            products=self.products,
            publisher=self.publisher,
            quota=self.quota.quota,
            limits=self.limits,
        )

    def submit(self, wish: Wish = WISH, caller: Caller = ADA, key: str | None = None) -> JobView:
        """Have a wish done."""
        return self.intake.submit(wish, caller, key=key)


@pytest.fixture
def mesh() -> Mesh:
    return Mesh()
