"""What a result says of a measured burst, with its times in UTC."""

from typing import Any

from science.bursts.duration import Burst
from science.bursts.instants import DAY_S, utc_of_seconds


def described(burst: Burst) -> dict[str, Any]:
    """Return a burst as JSON has it: times in UTC, lengths in s, rates in counts/s above the background.

    What cannot be told is NaN or None, and ``..._missing`` says why.
    """
    known = burst.duration_missing is None
    return {
        "begin_utc": utc_of_seconds(burst.begin_s),
        "end_utc": utc_of_seconds(burst.end_s),
        "peak_utc": utc_of_seconds(burst.peak_s),
        "peak_ijd": burst.peak_s / DAY_S,
        "peak_rate": burst.peak_rate,
        "peak_bin_s": burst.peak_bin_s,
        "background_rate": burst.background_rate,
        "t90_s": burst.t90_s,
        "t90_error_s": burst.t90_error_s,
        "t90_begin_utc": utc_of_seconds(burst.t05_s) if known else None,
        "t50_s": burst.t50_s,
        "t50_error_s": burst.t50_error_s,
        "duration_missing": burst.duration_missing,
        "counts": burst.counts,
        "counts_error": burst.error,
        "snr": burst.snr,
        "counts_missing": burst.counts_missing,
        "summed_from_utc": utc_of_seconds(burst.summed_from_s),
        "summed_to_utc": utc_of_seconds(burst.summed_to_s),
        "apart": [{"utc": utc_of_seconds(time_s), "score": score} for time_s, score in burst.apart],
        "blocks": [
            {
                "begin_utc": utc_of_seconds(burst.curve.time_s(block.first)),
                "length_s": (block.last - block.first) * burst.curve.bin_s,
                "rate": block.rate,
                "error": block.error,
            }
            for block in burst.blocks
        ],
    }


def troubles_of(burst: Burst) -> list[str]:
    """Return in words what of a burst cannot be told, and which excesses near it are no part of it."""
    at = f"the burst at {utc_of_seconds(burst.peak_s)}"
    told = []
    if burst.counts_missing is not None:
        told.append(f"neither counts nor duration of {at}: {burst.counts_missing}")
    elif burst.duration_missing is not None:
        told.append(f"no duration of {at}: {burst.duration_missing}")
    if burst.apart:
        others = ", ".join(f"{score:.1f} sigma at {utc_of_seconds(time_s)}" for time_s, score in burst.apart)
        told.append(f"further excesses near {at} are counted neither to it nor to its background: {others}")
    return told
