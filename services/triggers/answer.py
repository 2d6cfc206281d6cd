"""A record in one sentence: of each instrument a result, a limit, or that there are no data, and why; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesh.contracts.transient import Analysis, InstrumentRecord, TransientRecord

_LOCALISED_AS = {"spiacs": "spi_acs", "isgri": "isgri", "jemx": "jemx"}
"""Instrument -> what a localisation calls it."""
_SPI = "spi"
_ENDED_BADLY = ("ERROR", "ABORTED")


def answer_of(record: TransientRecord) -> str:
    """Return a record in one sentence."""
    name = record.names[0] if record.names else record.event_key.partition(":")[2]
    kind = f"{record.messenger.value} " if record.messenger.value != "other" else ""
    what = f"{'Test of ' if record.test else ''}{kind}{name}{' (simulated data)' if record.simulated else ''}"
    if record.state != "ACTIVE":
        return f"{what} is {record.state.lower()}: {record.why}."
    if not record.current:
        return f"{what}: a report, which asks for no analysis."
    when = f" at {record.trigger_time}" if record.trigger_time else ""
    summary = _summary(record.localisation)
    localised: Mapping[str, str] = summary.get("answers") or {}
    told = [_sentence(part, localised) for part in record.instruments if not _only_lacks(part)]
    # SPI has no analyses here: there is nothing to tell of it but what of the map it had in view.
    if any(row["instrument"] == _SPI and row["windows_total"] for row in summary.get("coverage") or ()):
        told += [localised[_SPI]] if _SPI in localised else []
    parts = [*told, *_lacking(record.instruments), *_of_localisation(record.localisation)]
    return f"{what}{when}: {'; '.join(parts) or 'no instrument is set up here'}."


def _summary(analyses: Sequence[Analysis]) -> Mapping[str, Any]:
    """Return what the newest localisation says."""
    return next((one.results for one in reversed(analyses) if one.state == "COMPLETED"), {})


def _only_lacks(part: InstrumentRecord) -> bool:
    """Say whether all that there is to tell of an instrument is why it has no data."""
    looked_at = any(one.state in {"COMPLETED", "waiting"} for one in part.analyses)
    return part.status in {"no-data", "not-asked"} and not part.later and not looked_at


def _lacking(parts: Sequence[InstrumentRecord]) -> list[str]:
    """Return why there are no data: instruments without any for the same reason together."""
    why: dict[str, list[str]] = {}
    for part in parts:
        if _only_lacks(part):
            why.setdefault(_why(part), []).append(_short(part))
    return [f"no data of {', '.join(titles)} ({short})" for short, titles in why.items()]


def _of_localisation(analyses: Sequence[Analysis]) -> list[str]:
    """Return that a localisation came to nothing: what it would have told is lacking."""
    return [f"localisation gave nothing ({one.text})" for one in analyses if one.state in _ENDED_BADLY]


def _sentence(part: InstrumentRecord, localised: Mapping[str, str]) -> str:
    title = _short(part)
    if part.status == "unknown":
        return f"{title}: {part.text}"
    told = localised.get(_LOCALISED_AS.get(part.instrument, ""), "").partition(": ")[2]
    found = [text for one in part.analyses if (text := _finding(one, localised=bool(told)))]
    if not told and part.status == "data":
        told = "" if found else ", ".join(f"{one.product} made" for one in part.analyses) or "data available"
    elif not told:
        told = f"no data at T0 ({_why(part)}), {part.later} science windows later"
    return f"{title}: {', '.join([*([told] if told else []), *found])}"


def _finding(analysis: Analysis, *, localised: bool) -> str:
    """Return what an analysis found; empty where it finds nothing, as a light curve, or a localisation tells it."""
    product, results = analysis.product, analysis.results
    if analysis.state == "waiting":
        return f"{product} under way"
    if analysis.state != "COMPLETED":
        return f"{product} gave nothing ({analysis.text})"
    if "sources_total" in results:
        new = sum(bool(source["new"]) for source in results["sources"])
        return f"image of {len(results['scws'])} windows: {results['sources_total']} sources, {new} of them new"
    if "excesses" in results:
        return "" if localised else f"{_excess(results['excesses'])}{_limit(results.get('limits') or {})}"
    return ""


def _excess(excesses: Sequence[Mapping[str, Any]]) -> str:
    best = excesses[0] if excesses else None
    if best is None or not best.get("association") or best["association"] == "likely background":
        return "no associated excess"
    return (
        f"excess of S/N {best['snr']:.1f} on {best['scale_s']:g} s at T0{best['t_minus_t0_s']:+.2f} s, "
        f"{best['association']}"
    )


def _limit(limits: Mapping[str, Any]) -> str:
    """Return the limit of a search that no localisation has folded with a map: of the best and the worst direction."""
    hard = next((one for one in limits.get("cases") or () if one["spectrum"] == "hard"), None)
    if hard is None:
        return ""
    best, worst = hard["fluence_best"], hard.get("fluence_worst", hard["fluence_best"])
    span = f"{best:.1e} to {worst:.1e} erg/cm2 by its direction" if worst > best else f"{best:.1e} erg/cm2"
    return f", 3 sigma limit {span} (hard, {hard['scale_s']:g} s, 75-2000 keV)"


def _why(part: InstrumentRecord) -> str:
    """Return why an instrument has no data, without its name, so that those for the same reason stand together."""
    text = part.text.rpartition(": ")[2].removeprefix("its ") if part.reason == "NotOperating" else part.text
    head, _, rest = text.partition(": ")
    text = rest if head.startswith("no data") and rest else text
    return text.replace(f" of {part.title}", "").removeprefix(f"{part.title} ")


def _short(part: InstrumentRecord) -> str:
    return part.title.removeprefix("INTEGRAL ")
