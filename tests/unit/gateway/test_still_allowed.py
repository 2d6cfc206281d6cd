"""A stream that is open ends when its reader may not read on."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from gateway.auth import still_allowed
from gateway.auth.credential import Credential
from gateway.auth.still_allowed import while_allowed
from gateway.parts import Parts
from tests.unit.gateway.guarded import Guarded


def _read(gateway: Guarded, job_id: str, who: str | None, between: Callable[[], object]) -> list[int]:
    """Follow a job of five changes; something happens after the second one."""
    parts: Parts = gateway.app.state.parts

    async def changes() -> AsyncIterator[int]:
        for number in range(5):
            if number == 2:
                await asyncio.to_thread(between)
            yield number

    async def follow() -> list[int]:
        credential = Credential(gateway.tokens[who]) if who else None
        identity = await gateway.front.identify(credential, "192.0.2.1")
        return [change async for change in while_allowed(changes(), parts, identity, job_id)]

    return asyncio.run(follow())


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Guarded:
    monkeypatch.setattr(still_allowed, "LOOK_SECONDS", -1.0)
    return Guarded()


def test_it_ends_with_its_token(gateway: Guarded) -> None:
    job = gateway.submit("ada")
    token_id = gateway.tokens["ada"].split("_")[1]
    assert _read(gateway, job, "ada", lambda: None) == [0, 1, 2, 3, 4]
    assert _read(gateway, job, "ada", lambda: gateway.call("DELETE", f"/tokens/{token_id}", "eve")) == [0, 1]


def test_it_ends_with_its_account(gateway: Guarded) -> None:
    job = gateway.submit("ada")
    assert _read(gateway, job, "ada", lambda: gateway.settle("ada", disabled=True)) == [0, 1]


@pytest.mark.parametrize("who", [None, "bob"])
def test_it_ends_when_the_job_is_shared_no_longer(gateway: Guarded, who: str | None) -> None:
    job = gateway.submit("ada")
    gateway.call("POST", f"/jobs/{job}/share", "ada")
    assert _read(gateway, job, who, lambda: None) == [0, 1, 2, 3, 4]
    assert _read(gateway, job, who, lambda: gateway.call("DELETE", f"/jobs/{job}/share", "ada")) == [0, 1]


def test_it_goes_on_while_the_store_is_away(gateway: Guarded) -> None:
    job = gateway.submit("ada")

    def away() -> None:
        gateway.objects.away = True

    assert _read(gateway, job, "ada", away) == [0, 1, 2, 3, 4]
