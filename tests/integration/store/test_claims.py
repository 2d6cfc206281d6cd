"""Claims on runs: one holder at a time, known by its token; deaths are counted until a claimant lives."""

import time

import redis

from mesh.store.claims import Claims


def test_an_unfinished_claim_lapses_and_only_its_holder_gives_it_back(index: redis.Redis) -> None:
    claims = Claims(index)
    first, second, third = (claims.token("same process") for _ in range(3))

    assert claims.take("r", first, seconds=0.2)
    assert not claims.take("r", second)
    while not claims.take("r", second):
        time.sleep(0.02)

    claims.give_back("r", first)
    assert not claims.take("r", third), "a claim is given back only by who has it"
    claims.give_back("r", second)
    assert claims.take("r", third)


def test_a_claim_is_kept_as_long_as_it_is_held_and_not_taken_again(index: redis.Redis) -> None:
    claims = Claims(index)
    token = claims.token("one")
    assert claims.take("r", token, seconds=0.3)
    for _ in range(3):
        time.sleep(0.2)
        assert claims.keep("r", token, seconds=0.3)
    index.flushdb()
    assert not claims.keep("r", token), "what was lost is left to whoever comes first"
    assert claims.take("r", claims.token("two"))
    assert not claims.keep("r", token)


def test_deaths_count_until_a_claimant_gives_its_claim_back(index: redis.Redis) -> None:
    claims = Claims(index)
    for deaths in range(3):
        assert claims.begin("r") == deaths
        index.delete("run:r:claim")
    token = claims.token("survivor")
    assert claims.take("r", token)
    assert claims.begin("r") == 3
    claims.give_back("r", claims.token("another"))
    assert claims.begin("r") == 4
    claims.give_back("r", token)
    assert claims.begin("r") == 0
