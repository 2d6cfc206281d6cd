"""A rate lets so many through at once, and as many again over its time."""

from mesh.intake.rate import Meter, Rate


class _Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_at_once_and_then_one_for_each_step() -> None:
    clock = _Clock()
    meter = Meter(Rate(6, 60), clock)
    assert [meter.take("a").remaining for _ in range(6)] == [5, 4, 3, 2, 1, 0]
    refused = meter.take("a")
    assert (refused.allowed, refused.remaining, refused.reset) == (False, 0, 10)
    assert meter.take("b").allowed, "another key has its own"
    clock.now += 9.5
    assert meter.take("a").reset == 1
    clock.now += 0.5
    assert meter.take("a").allowed
    assert not meter.take("a").allowed
    clock.now += 60
    assert meter.look("a").remaining == 5
    assert meter.take("a").remaining == 5, "a look takes nothing"


def test_over_a_long_time_no_more_than_the_rate() -> None:
    clock = _Clock()
    meter = Meter(Rate(10, 60), clock)
    taken = 0
    for _ in range(6000):
        taken += meter.take("a").allowed
        clock.now += 0.1
    assert 100 + 9 <= taken <= 100 + 11


def test_keys_do_not_pile_up() -> None:
    meter = Meter(Rate(1, 3600), _Clock())
    for number in range(20_001):
        meter.take(str(number))
    assert meter.take("0").allowed, "the oldest is forgotten"
    assert not meter.take("20000").allowed
