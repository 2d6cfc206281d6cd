"""How a request is cited, as text and as BibTeX."""

from dataclasses import dataclass
from datetime import datetime

from mesh.contracts import Analysis, JobView, Manifest
from mesh.errors import InstrumentUnavailable, InvalidRequest
from mesh.instrument import Instrument
from mesh.instruments import instrument
from mesh.intake.links import LINK_DIGITS

_LISTED = 3
_SPECIAL = {sign: f"\\{sign}" for sign in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True)
class Citation:
    """What a citation says.

    Args:
        title: instrument, product and data.
        made: when, UTC, ISO 8601; empty: not yet.
        version: of the code that made it; empty: not known.
        calibration: of the instrument; empty: not known.
        key: of the request.
        link: its address.
    """

    title: str
    made: str
    version: str
    calibration: str
    key: str
    link: str

    def text(self) -> str:
        """Return one sentence after the other, on one line."""
        with_what = " and ".join(part for part in (self._software(), self._calibration()) if part)
        made = f"made {self.made[:10]} with {with_what}" if self.made else f"asked of {with_what}"
        return f"{self.title}, {made}. Request {self.key[:LINK_DIGITS]}, {self.link}"

    def bibtex(self) -> str:
        """Return an entry ``@misc``."""
        note = ", ".join(part for part in (self._software(), self._calibration(), f"request {self.key}") if part)
        fields = {
            "author": "{odamesh}",
            "title": f"{{{_escaped(self.title)}}}",
            "howpublished": f"\\url{{{self.link}}}",
            "note": _escaped(note),
        }
        if self.made:
            when = datetime.fromisoformat(self.made)
            fields |= {"year": str(when.year), "month": when.strftime("%b").lower()}
        lines = [f"  {name} = {value if name == 'month' else f'{{{value}}}'},\n" for name, value in fields.items()]
        return f"@misc{{odamesh:{self.key[:LINK_DIGITS]},\n{''.join(lines)}}}\n"

    def _software(self) -> str:
        return f"odamesh {self.version}" if self.version else "odamesh"

    def _calibration(self) -> str:
        return f"calibration {self.calibration}" if self.calibration else ""


def citation(analysis: Analysis, job: JobView | None, manifest: Manifest | None, link: str) -> Citation:
    """Return the citation of a request.

    Args:
        analysis: what was asked for.
        job: shows what it gave; None: nothing yet.
        manifest: of a product of the job; None: there is none.
        link: its address.
    """
    return Citation(
        title=title(analysis),
        made=(job.finished or "") if job else "",
        version=manifest.code_version if manifest else "",
        calibration=manifest.calibration if manifest else "",
        key=analysis.key,
        link=link,
    )


def title(analysis: Analysis) -> str:
    """Return instrument, product and data of a request in words."""
    try:
        known: Instrument | None = instrument(analysis.instrument)
    except (InvalidRequest, InstrumentUnavailable):  # a request outlives its instrument
        known = None
    product = known.products.get(analysis.product) if known else None
    name = known.title if known else analysis.instrument
    what = product.title if product else analysis.product
    data = _data(analysis)
    return f"{name}: {what}{f', {data}' if data else ''}"


def _data(analysis: Analysis) -> str:
    chosen = analysis.selection
    parts = []
    if chosen.scws is not None:
        listed = ", ".join(chosen.scws[:_LISTED])
        more = f" and {len(chosen.scws) - _LISTED} more" if len(chosen.scws) > _LISTED else ""
        parts.append(f"science windows {listed}{more}" if len(chosen.scws) > 1 else f"science window {listed}")
    if chosen.time is not None:
        parts.append(f"{chosen.time.t1} to {chosen.time.t2} UTC")
    if chosen.cone is not None:
        parts.append(f"within {chosen.cone.radius:g} deg of RA {chosen.cone.ra:g}, Dec {chosen.cone.dec:g}")
    return ", ".join(parts)


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(sign, sign) for sign in text)
