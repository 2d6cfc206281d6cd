"""The identifier of a science window, RRRRPPPPSSSF.VVV."""

import re
from dataclasses import dataclass

_FORM = (
    "the form is RRRRPPPPSSSF or RRRRPPPPSSSF.VVV: revolution (4 digits), pointing (4), subdivision (3), "
    "type (0 pointing, 1 slew, 2 engineering), version (3); e.g. 201600270010.001"
)
_TYPES = {0: "POINTING", 1: "SLEW", 2: "ENGINEERING"}
_DIGITS, _VERSION_DIGITS = 12, 3


@dataclass(frozen=True, order=True, slots=True)
class ScwId:
    """One science window; without a version it stands for the newest version in the archive.

    Args:
        swid: the twelve digits.
        version: three digits ('000' near real time, '001' consolidated), or ''.
    """

    swid: str
    version: str = ""

    @classmethod
    def parse(cls, text: str) -> "ScwId":
        """Read an identifier; surrounding blanks are allowed.

        Raises:
            ValueError: says what is wrong and shows the right form.
        """
        swid, dot, version = text.strip().partition(".")
        if not re.fullmatch(r"[0-9]*", swid):
            raise ValueError(f"'{text[:64]}' is not a science window: it has other characters than digits; {_FORM}")
        if len(swid) != _DIGITS:
            raise ValueError(f"'{text[:64]}' is not a science window: it has {len(swid)} digits, not 12; {_FORM}")
        if dot and not re.fullmatch(r"[0-9]{3}", version):
            raise ValueError(f"'{text[:64]}' is not a science window: the version is not three digits; {_FORM}")
        if int(swid[11]) not in _TYPES:
            raise ValueError(f"'{text[:64]}' is not a science window: its last digit, the type, is {swid[11]}; {_FORM}")
        if int(swid[:4]) == 0:
            raise ValueError(f"'{text[:64]}' is not a science window: there is no revolution 0; {_FORM}")
        return cls(swid, version)

    def __str__(self) -> str:
        return f"{self.swid}.{self.version}" if self.version else self.swid

    @property
    def revolution(self) -> int:
        """Number of the revolution."""
        return int(self.swid[:4])

    @property
    def pointing(self) -> int:
        """Number of the pointing in its revolution; a slew carries that of the pointing before it."""
        return int(self.swid[4:8])

    @property
    def subdivision(self) -> int:
        """Number of the part of the pointing."""
        return int(self.swid[8:11])

    @property
    def type(self) -> str:
        """POINTING, SLEW or ENGINEERING."""
        return _TYPES[int(self.swid[11])]

    @property
    def path(self) -> str:
        """Folder in the archive, e.g. scw/2016/201600270010.001.

        Raises:
            ValueError: the version is not known.
        """
        if not self.version:
            raise ValueError(f"{self.swid} has no version; look it up in the index of the archive")
        return f"scw/{self.swid[:4]}/{self}"
