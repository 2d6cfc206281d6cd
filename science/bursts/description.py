"""What a result says of a measured burst, with its times in UTC."""

from typing import Any

from science.bursts.duration import Burst
from science.bursts.instants import DAY_S, utc_of_seconds


def described(burst: Burst) -> dict[str, Any]:
    """Return a burst as JSON has it: times in UTC, lengths in s, rates in counts/s above the background."""
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
        "t90_begin_utc": utc_of_seconds(burst.t05_s),
        "t50_s": burst.t50_s,
        "counts": burst.counts,
        "counts_error": burst.error,
        "snr": burst.snr,
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
