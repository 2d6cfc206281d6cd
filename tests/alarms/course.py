"""Causes alarms, as many at once as do not disturb each other, and notes when the receiver knew.

One thread breaks and mends, so that causes need not be safe from each other; what is measured are the times at which
the receiver was told.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Protocol

from infra.alarms.routes import held_back_by
from tests.alarms.cause import Cause
from tests.alarms.outcome import NOT_CAUSED, Outcome
from tests.chaos.ground import Ground

_LOOK_S = 0.5
_STALLED_S = 1200.0
"""The longest an alarm stays raised after its cause is gone, and some more."""


class Told(Protocol):
    """What the receiver knows; see `tests.alarms.receiver.Receiver`."""

    def raised(self, name: str) -> bool:
        """Whether an alarm is raised."""

    def when_raised(self, name: str, since: float) -> float | None:
        """Return when it was told first after an instant."""

    def when_over(self, name: str, since: float) -> float | None:
        """Return when it was told first after an instant that it is over."""


class _Attempt:
    """One cause that is broken, or is being mended."""

    def __init__(self, cause: Cause, ground: Ground, clock: Callable[[], float]) -> None:
        self.cause = cause
        self.outcomes = [Outcome(one.alarm, cause.what) for one in cause.raises]
        self._clock = clock
        self._after = ExitStack()
        self._begun = clock()
        self._mended: float | None = None
        try:
            self._after.enter_context(cause.broken(ground))
        except LookupError as error:
            self._end_all(f"{NOT_CAUSED}{error}")
        except Exception as error:  # the others are still of interest
            self._end_all(f"not broken: {type(error).__name__}: {error}")

    @property
    def broken(self) -> bool:
        """Whether it still lasts."""
        return self._mended is None

    @property
    def awaited(self) -> set[str]:
        """Alarms of which nothing is noted yet, or not yet that they are over."""
        return {one.alarm for one in self.outcomes if one.cleared_s is None and not one.remark}

    def abandon(self) -> None:
        """Mend it whatever the receiver was told."""
        self._after.close()

    def look(self, told: Told) -> list[Outcome]:
        """Note what the receiver was told since; mends as soon as all is raised; returns what has ended."""
        if self._mended is None:
            if not self._wait_to_be_raised(told):
                return []
            self._mended = self._clock()
            try:
                self._after.close()
            except Exception as error:  # the others are still of interest
                self._end_all(f"not mended: {type(error).__name__}: {error}")
                return self.outcomes
        return self._wait_to_clear(told)

    def _wait_to_be_raised(self, told: Told) -> bool:
        """Return whether all are raised, or too late to be."""
        late = []
        for outcome, expected in zip(self.outcomes, self.cause.raises, strict=True):
            when = told.when_raised(expected.alarm, self._begun)
            if when is None:
                late.append(self._clock() > self._begun + expected.within_s)
            else:
                outcome.raised_s = round(when - self._begun, 1)
        return all(late)

    def _wait_to_clear(self, told: Told) -> list[Outcome]:
        assert self._mended is not None
        ended = []
        for outcome, expected in zip(self.outcomes, self.cause.raises, strict=True):
            if outcome.raised_s is None:
                outcome.remark = outcome.remark or f"not raised within {expected.within_s:g} s"
            elif outcome.raised_s > expected.within_s:
                outcome.remark = outcome.remark or f"raised, but not within {expected.within_s:g} s"
            if outcome.cleared_s is None and outcome.raised_s is not None and not outcome.remark:
                when = told.when_over(expected.alarm, self._mended)
                if when is not None:
                    outcome.cleared_s = round(when - self._mended, 1)
                elif not told.raised(expected.alarm):
                    outcome.remark = "over before its cause was mended"
                elif self._clock() > self._mended + expected.clear_s:
                    outcome.remark = f"not cleared within {expected.clear_s:g} s"
            if outcome.cleared_s is not None or outcome.remark:
                ended.append(outcome)
        return ended

    def _end_all(self, remark: str) -> None:
        self._mended = self._clock()
        for outcome in self.outcomes:
            outcome.remark = remark


class Course:
    """Has every cause broken once, in their order as far as they disturb each other.

    Args:
        told: what the receiver knows.
        ground: the mesh.
        note: called with each outcome when it is known.
        clock: seconds, the receiver's.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        told: Told,
        ground: Ground,
        note: Callable[[Outcome], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._told = told
        self._ground = ground
        self._note = note
        self._clock = clock
        self._pause = pause
        self._attempts: list[_Attempt] = []

    def run(self, causes: Sequence[Cause]) -> None:
        """Go through them all; whatever ends it, nothing stays broken."""
        waiting, moved = list(causes), self._clock()
        try:
            while waiting or self._attempts:
                if self._note_ended() or self._begin(waiting):
                    moved = self._clock()
                elif not self._attempts and self._clock() > moved + _STALLED_S:
                    self._give_up(waiting)
                    return
                self._pause(_LOOK_S)
        finally:
            for attempt in reversed(self._attempts):
                attempt.abandon()

    def _note_ended(self) -> bool:
        """Look at what is broken or being mended; returns whether one came to its end."""
        over = False
        for attempt in list(self._attempts):
            ended = attempt.look(self._told)
            if len(ended) == len(attempt.outcomes):
                over = True
                self._attempts.remove(attempt)
                for outcome in ended:
                    self._note(outcome)
        return over

    def _begin(self, waiting: list[Cause]) -> bool:
        """Break what may be broken now; returns whether anything was."""
        begun = False
        for cause in list(waiting):
            if self._may_begin(cause):
                if not any(attempt.broken for attempt in self._attempts):
                    self._ground.until_ready()  # what was mended before takes its time to come back
                begun = True
                waiting.remove(cause)
                self._attempts.append(_Attempt(cause, self._ground, self._clock))
        return begun

    def _may_begin(self, cause: Cause) -> bool:
        """Whether a cause disturbs no other, and nothing is raised that would hide what it raises."""
        if any(attempt.broken and cause.disturbs(attempt.cause) for attempt in self._attempts):
            return False
        if any(name in attempt.awaited for attempt in self._attempts for name in cause.also):
            return False
        names = [one.alarm for one in cause.raises]
        return not any(self._told.raised(name) for one in names for name in (one, *held_back_by(one)))

    def _give_up(self, waiting: Sequence[Cause]) -> None:
        for cause in waiting:
            for one in cause.raises:
                self._note(Outcome(one.alarm, cause.what, remark="raised already, or held back, by something else"))
