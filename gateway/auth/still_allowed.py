"""Ends a stream whose reader may not read on: a token was revoked or has expired, a job is shared no longer."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TypeVar

from gateway.auth.errors import IssuerUnavailable, NotSignedIn
from gateway.auth.identify import Identity
from gateway.parts import Parts
from mesh.errors import NotFound, StoreUnavailable
from mesh.intake.errors import NotAllowed

LOOK_SECONDS = 30.0

_Change = TypeVar("_Change")


async def while_allowed(
    changes: AsyncIterator[_Change], parts: Parts, identity: Identity, job_id: str
) -> AsyncIterator[_Change]:
    """Yield the changes of a job for as long as its reader may see them; looks again every half a minute."""
    looked = time.monotonic()
    async for change in changes:
        if time.monotonic() - looked > LOOK_SECONDS:
            if not await _allowed(parts, identity, job_id):
                return
            looked = time.monotonic()
        yield change


async def _allowed(parts: Parts, identity: Identity, job_id: str) -> bool:
    try:
        if parts.front is not None:
            identity = await parts.front.identify.again(identity)
        await asyncio.to_thread(parts.intake.look, job_id, identity.caller)
    except (NotSignedIn, NotFound, NotAllowed):
        return False
    except (StoreUnavailable, IssuerUnavailable):
        return True  # nobody can say; the stream itself gives up when the store stays away
    return True
