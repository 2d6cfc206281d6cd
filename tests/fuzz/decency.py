"""What every answer must be, whatever was asked: no server error, nothing of the inside, nothing of somebody else's."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_plus

from tests.fuzz.ground import CANARY, STRANGERS

_LONGEST_REFUSAL = 20_000
_NOT_HERE = 501
"""What the protocol of oda_api has and this mesh has not."""
_INSIDE = re.compile(
    rb"Traceback \(most recent|File \"/|\.py\", line \d|site-packages|pydantic\.dev|object at 0x[0-9a-f]+|<class '|"
    rb"/root/|/home/|/var/lib/|\b(?:gateway|mesh|starlette|fastapi)\.[a-z_.]+\.[A-Z]\w+|"
    rb"redis://|amqp://|secret_key|access_key|_PASSWORD|_SECRET"
)
"""Traces, paths and settings of the process."""
_REFUSALS = ("application/problem+json", "application/json", "text/plain", "application/x-votable+xml", "text/xml")


@dataclass(frozen=True)
class Answer:
    """What came back.

    Args:
        status: of HTTP.
        headers: with names in small letters.
        body: as much of it as was read.
    """

    status: int
    headers: dict[str, str]
    body: bytes


def indecencies(answer: Answer, who: str | None, secrets: Iterable[str], sent: str) -> list[str]:
    """Return what an answer must not be or hold, in words.

    Args:
        answer: what came back.
        who: who asked, with an account; None: nobody.
        secrets: texts that no answer may hold.
        sent: what was asked; words of the code are among what hypothesis tries, and a refusal may repeat them.
    """
    found = []
    if answer.status >= 500 and answer.status != _NOT_HERE:
        found.append(f"status {answer.status}")
    whole = "\n".join(f"{name}: {value}" for name, value in answer.headers.items()).encode() + answer.body
    told = {one[0] for one in _INSIDE.finditer(whole)}
    found += [f"tells of the inside: {one!r}" for one in told if one.decode("latin-1") not in unquote_plus(sent)]
    found += ["holds a secret" for secret in secrets if secret.encode() in whole]
    if who in STRANGERS and CANARY.encode() in whole:
        found.append(f"shows {who or 'nobody'} what is ada's")
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status >= 400 and answer.body:
        if kind not in _REFUSALS:
            found.append(f"a refusal of kind {kind!r}")
        if len(answer.body) > _LONGEST_REFUSAL:
            found.append(f"a refusal of {len(answer.body)} bytes")
    if kind.endswith("json") and answer.body and answer.status != 304:
        try:
            json.loads(answer.body, parse_constant=_refuse)
        except ValueError as error:
            found.append(f"no JSON: {error}")
    return found


def _refuse(text: str) -> None:
    msg = f"{text} is no JSON"
    raise ValueError(msg)
