"""How often callers ask and submit, and the header fields that tell them (draft-ietf-httpapi-ratelimit-headers)."""

from collections.abc import Callable

from gateway.auth.access_file import Rates
from mesh.intake import Usage
from mesh.intake.caller import Caller, is_anonymous
from mesh.intake.errors import TooFast
from mesh.intake.rate import Meter, Rate, Verdict

_REFUSED_TOKENS = Rate(30, 60)
"""Credentials of one address that did not count, before further unknown ones are not looked up."""
_REFUSALS_NOTED = Rate(60, 60)

Fields = dict[str, str]


class Pace:
    """Meters for requests, submissions and credentials that did not count.

    Args:
        rates: as they are now.
    """

    def __init__(self, rates: Callable[[], Rates]) -> None:
        self._rates = rates
        self._requests: dict[Rate, Meter] = {}
        self._submissions: dict[Rate, Meter] = {}
        self._refused = Meter(_REFUSED_TOKENS)
        self._noted = Meter(_REFUSALS_NOTED)

    def request(self, caller: Caller) -> Fields:
        """Count a request and return the header fields of its answer; none for operators, who have no rate.

        Raises:
            TooFast: the caller asks more often than may be.
        """
        rate = self._rates().requests(anonymous=caller.anonymous)
        if rate is None or caller.is_operator:
            return {}
        verdict = _meter(self._requests, rate).take(caller.name)
        if not verdict.allowed:
            raise _too_fast(f"requests in {rate.seconds} s are as many as {_who(caller)} may send", rate, verdict)
        return _fields(rate, verdict.remaining, verdict.reset)

    def submission(self, name: str) -> None:
        """Count a submission of a caller.

        Raises:
            TooFast: the caller submits more often than may be.
        """
        rate = self._rates().submissions(anonymous=is_anonymous(name))
        if rate is None:
            return
        verdict = _meter(self._submissions, rate).take(name)
        if not verdict.allowed:
            who = "an address without account" if is_anonymous(name) else name
            raise _too_fast(f"submissions in {rate.seconds} s are as many as {who} may send", rate, verdict)

    def refused(self, address: str) -> bool:
        """Count a credential that did not count; says whether it should be noted."""
        self._refused.take(address)
        return self._noted.take("").allowed

    def check_guesses(self, address: str) -> None:
        """Return if a credential of an address may be looked up.

        Raises:
            TooFast: too many of this address did not count.
        """
        verdict = self._refused.look(address)
        if not verdict.allowed:
            text = f"tokens of this address did not count in {_REFUSED_TOKENS.seconds} s: no other is looked at"
            raise _too_fast(text, _REFUSED_TOKENS, verdict)


def fast_fields(error: TooFast) -> Fields:
    """Return the header fields of an answer to somebody who asks too often."""
    return _fields(Rate(error.quota, error.window), 0, error.seconds)


def quota_fields(usage: Usage, seconds: int) -> Fields:
    """Return the header fields of what a user may have waiting.

    Args:
        usage: what is waiting.
        seconds: after which it may be less.
    """
    units = f'"units";q={usage.units_limit};qu="units"'
    jobs = f'"jobs";q={usage.jobs_limit};qu="jobs"'
    left_jobs, left_units = max(0, usage.jobs_limit - usage.jobs), max(0, usage.units_limit - usage.units)
    left = f'"jobs";r={left_jobs};t={seconds}, "units";r={left_units};t={seconds}'
    return {"RateLimit-Policy": f"{jobs}, {units}", "RateLimit": left}


def _fields(rate: Rate, remaining: int, reset: int) -> Fields:
    """Return the header fields of a rate, in structured fields (RFC 9651)."""
    return {
        "RateLimit-Policy": f'"requests";q={rate.quota};w={rate.seconds}',
        "RateLimit": f'"requests";r={remaining};t={reset}',
    }


def _too_fast(text: str, rate: Rate, verdict: Verdict) -> TooFast:
    sentence = f"{rate.quota} {text}; come again in {verdict.reset} s."
    return TooFast(sentence, seconds=verdict.reset, quota=rate.quota, window=rate.seconds)


def _meter(meters: dict[Rate, Meter], rate: Rate) -> Meter:
    return meters.setdefault(rate, Meter(rate))


def _who(caller: Caller) -> str:
    return "an address without account" if caller.anonymous else caller.name
