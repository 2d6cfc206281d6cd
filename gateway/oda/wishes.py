"""From the arguments of the protocol to what the mesh is asked for."""

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.oda.arguments import PROTOCOL, Arguments
from gateway.oda.instruments import check_product, instrument
from gateway.oda.osa_versions import check_version
from gateway.oda.parameters import energies, parameter_names
from gateway.oda.refusals import Forbidden, Misunderstood
from gateway.oda.times import utc
from mesh.contracts import Cone, Selection, TimeRange
from mesh.errors import InvalidRequest
from mesh.instrument import Instrument, OdaApi
from mesh.instruments import instrument as mesh_instrument
from mesh.intake import Wish

EXPORT, FIT = "oda_export", "spectral_fit"
"""Instruments of the mesh, and their products: what writes products as the protocol carries them, what fits spectra."""

_SCW = re.compile(r"[0-9]{12}(\.[0-9]{3})?")
_NEAR_REAL_TIME = ".000"
_FRAMES = frozenset({"fk5", "icrs"})
"""Of catalogues; they differ by less than 0.1 arcsec."""
_CHOICES = {
    "integral_data_rights": ("public", "all-private", "this archive has public data only"),
    "data_level": ("ordinary", "realtime", "the mission has ended, and its archive has ordinary data only"),
}
"""Parameter -> what is possible, what is not, and why not."""
_DAY_S = 86400.0
_TIME_UNITS_S = {"sec": 1.0, "jd": _DAY_S}
"""Of astropy's formats of a duration; the others have texts of their own and were never taken."""
_T1, _T2 = "2017-03-06T13:26:48.000", "2017-03-06T15:32:27.000"
_RA, _DEC = 265.97845833, -29.74516667
_THRESHOLD, _LEAST_THRESHOLD = 7.0, 4.0


@dataclass(frozen=True)
class Asked:
    """What a caller of the protocol wants.

    Args:
        table: the instrument in the protocol.
        product: its name, the same in the mesh.
        wish: what the mesh is asked for first.
        fit: parameters of the fit of the spectra that come of it; None: none is wanted.
        threshold: significance above which the returned catalogue has a source.
        comments: sentences for the caller: what of the arguments has no effect.
    """

    table: OdaApi
    product: str
    wish: Wish
    fit: Mapping[str, Any] | None = None
    threshold: float = 0.0
    comments: tuple[str, ...] = field(default=())

    def fit_of(self, job_id: str) -> Wish:
        """Return the wish to have the spectra of a job fitted."""
        return Wish(instrument=FIT, product=FIT, parameters={"spectra": [job_id], **(self.fit or {})})

    def export(self, job_id: str) -> Wish:
        """Return the wish to have the products of a job as the protocol carries them."""
        parameters = {
            "products": [job_id],
            "kind": self.table.products[self.product],
            "name": self.product,
            "detection_threshold": self.threshold,
        }
        return Wish(instrument=EXPORT, product=EXPORT, parameters=parameters)


def read(arguments: Arguments) -> Asked:
    """Return what is wanted.

    Raises:
        Misunderstood: an argument cannot be read, or is out of range.
        Forbidden: the archive has only public data, of the public kind.
    """
    chosen, table = instrument(arguments.text("instrument"))
    product = arguments.text("product_type")
    check_product(table, product)
    comments = _comments(chosen, table, product, arguments)
    _check_rights(arguments)
    parameters: dict[str, Any] = {}
    fit = _fit(table, arguments) if table.products[product] == "fit" else None
    first = product if fit is None else table.spectrum or ""
    declared = chosen.product_parameters(first)
    if "bands" in declared and table.band is not None:
        parameters["bands"] = [_band(chosen, table, arguments)]
    if "jemx_num" in declared:
        parameters["jemx_num"] = _jemx_unit(arguments)
    if "time_bin" in declared and table.products[product] == "light_curve":
        parameters["time_bin"] = _time_bin(arguments)
    threshold = 0.0
    if table.products[product] == "image":
        threshold = arguments.number("detection_threshold", _THRESHOLD)
        if not (math.isfinite(threshold) and threshold >= 0.0):
            msg = f"parameter detection_threshold: {threshold} is out of range; allowed: from 0"
            raise Misunderstood(msg)
        # Below, the list of sources would be one of noise; the threshold of the answer is the caller's.
        parameters["detection_threshold"] = max(threshold, _LEAST_THRESHOLD)
    if "catalogue" in declared and arguments.text("selected_catalog").strip():
        ticked = arguments.entries("catalog_selected_objects")
        parameters["catalogue"] = sources_of(arguments.text("selected_catalog"), ticked)
    wish = Wish(instrument=chosen.name, product=first, selection=_selection(table, arguments), parameters=parameters)
    return Asked(table, product, wish, fit, threshold, tuple(comments))


def sources_of(text: str, ticked: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return the sources of a catalogue in the form in which the protocol hands it out.

    Args:
        text: the catalogue.
        ticked: ``meta_ID`` of those that are wanted; none: all.

    Raises:
        Misunderstood: it is no catalogue, lacks names or positions, or a source that is wanted.
    """
    try:
        content = json.loads(text)
        names, columns = content["cat_column_names"], content["cat_column_list"]
        table = dict(zip(names, columns, strict=True))
        lon = table[content.get("cat_lon_name", "ra")]
        lat = table[content.get("cat_lat_name", "dec")]
        rows = list(zip(table["src_names"], lon, lat, strict=True))
        sources = [{"name": str(name), "ra": float(ra) % 360.0, "dec": float(dec)} for name, ra, dec in rows]
        if ticked:
            by_id = {str(int(meta_id)): source for meta_id, source in zip(table["meta_ID"], sources, strict=True)}
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        msg = (
            f"parameter selected_catalog: it is no catalogue of the protocol ({type(error).__name__}: {error}); give "
            "what ApiCatalog.get_api_dictionary() returns"
        )
        raise Misunderstood(msg) from None
    if str(content.get("cat_coord_units", "deg")) != "deg":
        msg = f"parameter selected_catalog: positions in {content['cat_coord_units']!r} are not known; give degrees"
        raise Misunderstood(msg)
    if (frame := str(content.get("cat_frame", "fk5"))).lower() not in _FRAMES:
        msg = f"parameter selected_catalog: positions in the frame {frame[:32]!r} are not known; give fk5 or icrs"
        raise Misunderstood(msg)
    if ticked:
        if missing := [one for one in ticked if one not in by_id]:
            msg = f"parameter catalog_selected_objects: the catalogue has no meta_ID {missing[0][:32]!r}"
            raise Misunderstood(msg)
        sources = [by_id[one] for one in dict.fromkeys(ticked)]
    if not sources:
        msg = "parameter selected_catalog: it has no sources; leave it out for those that are found"
        raise Misunderstood(msg)
    return sources


def _comments(chosen: Instrument, table: OdaApi, product: str, arguments: Arguments) -> list[str]:
    """Return a sentence for each argument without effect.

    Raises:
        Misunderstood: it would have none whatever it says, and says what nobody offers.
        Forbidden: it asks for a version under development.
    """
    valid = set(parameter_names(chosen, table, product))
    unknown = [name for name in arguments.values if name not in valid and name not in PROTOCOL]
    comments = []
    if arguments.text("allow_unknown_args").lower() != "true":
        comments += [f"Please note that argument {name[:64]} is not used" for name in unknown]
    if table.radius is not None and (version := arguments.text("osa_version")):
        check_version(version)
        comments.append(f"osa_version {version} has no effect: this mesh analyses with its own software")
    match arguments.text("query_type") or "Real":
        case "Real":
            pass
        case "Dummy":
            comments.append("query_type Dummy has no effect: what comes is the analysis of the data")
        case other:
            msg = f"query_type {other[:32]!r} is not known; allowed: Real, Dummy (oda_api calls it product_type)"
            raise Misunderstood(msg)
    if "catalog_selected_objects" in arguments.values and not arguments.text("selected_catalog").strip():
        comments.append("catalog_selected_objects has no effect without selected_catalog")
    return comments


def _check_rights(arguments: Arguments) -> None:
    for name, (possible, closed, why) in _CHOICES.items():
        chosen = arguments.text(name) or possible
        if chosen == closed:
            msg = f"{name} {chosen} is not possible here: {why}"
            raise Forbidden(msg)
        if chosen != possible:
            msg = f"parameter {name}: {chosen[:32]!r} is not known; allowed: {possible}"
            raise Misunderstood(msg)


def _band(chosen: Instrument, table: OdaApi, arguments: Arguments) -> list[float]:
    default = table.band or (0.0, 0.0)
    low, high = arguments.number("E1_keV", default[0]), arguments.number("E2_keV", default[1])
    least, most = energies(chosen, table)
    if table.clip_band:
        low, high = max(low, least), min(high, most)
    if not least <= low < high <= most:
        msg = f"{chosen.title} energy range is restricted to {least:g} - {most:g} keV, and E1_keV is below E2_keV"
        raise Misunderstood(msg)
    return [low, high]


def _jemx_unit(arguments: Arguments) -> str:
    number = arguments.number("jemx_num", 2.0)
    if number not in (1.0, 2.0):
        msg = f"parameter jemx_num: {number:g} is no unit; allowed: 1, 2, one in each request"
        raise Misunderstood(msg)
    return f"{number:g}"


def _time_bin(arguments: Arguments) -> float:
    form = arguments.text("time_bin_format", "sec")
    if form not in _TIME_UNITS_S:
        msg = f"parameter time_bin_format: {form[:32]!r} is not known; allowed: {', '.join(_TIME_UNITS_S)}"
        raise Misunderstood(msg)
    return arguments.number("time_bin", 1000.0) * _TIME_UNITS_S[form]


def _fit(table: OdaApi, arguments: Arguments) -> dict[str, Any]:
    """Return the parameters of a fit; a source that is not named is the only one, or the fit says which there are."""
    model = "".join(arguments.text("xspec_model", "powerlaw").split())
    fit = {"model": model, "source": arguments.text("src_name").strip(), **table.fit}
    try:
        # Now, and not once the spectra are there.
        mesh_instrument(FIT).canonical_parameters(FIT, fit)
    except InvalidRequest as error:
        raise Misunderstood(str(error)) from None
    return fit


def _selection(table: OdaApi, arguments: Arguments) -> Selection:
    form = arguments.text("T_format", "isot")
    if table.radius is not None:
        if arguments.text("use_scws") != "no" and (listed := arguments.entries("scw_list")):
            return Selection(scws=tuple(dict.fromkeys(_window(entry) for entry in listed)))
        most = arguments.text("max_pointings")
        cone = Cone(
            ra=arguments.number("RA", _RA),
            dec=arguments.number("DEC", _DEC),
            radius=arguments.number("radius", table.radius),
        )
        return Selection(time=_interval(arguments, form), cone=cone, max_pointings=_whole(most) if most else None)
    return Selection(time=_interval(arguments, form))


def _interval(arguments: Arguments, form: str) -> TimeRange:
    return TimeRange(
        t1=utc(arguments.text("T1", _T1), _form(arguments, "T1", form)),
        t2=utc(arguments.text("T2", _T2), _form(arguments, "T2", form)),
    )


def _form(arguments: Arguments, name: str, form: str) -> str:
    return form if name in arguments.values else "isot"


def _window(text: str) -> str:
    if not _SCW.fullmatch(text):
        msg = f"parameter scw_list: {text[:64]!r} is no science window; write RRRRPPPPSSSF.VVV, with commas between"
        raise Misunderstood(msg)
    if text.endswith(_NEAR_REAL_TIME):
        msg = f"scw_list: {text} is near real time; this archive has consolidated windows (.001) only"
        raise Forbidden(msg)
    return text


def _whole(text: str) -> int:
    try:
        number = float(text[:32])
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number == int(number) and number >= 1):
        msg = f"parameter max_pointings: {text[:32]!r} is no whole number from 1"
        raise Misunderstood(msg)
    return int(number)
