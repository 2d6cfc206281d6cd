"""Tokens that the client has changed: made to last longer, or with other wishes about mail."""

import time
from collections.abc import Mapping
from typing import Any

import jwt

from gateway.auth.access_file import SharedSecret
from gateway.auth.front import Front
from gateway.auth.identify import Identity
from gateway.oda.arguments import Arguments
from gateway.oda.refusals import Forbidden, Misunderstood
from mesh.accounts.api_tokens import new_token
from mesh.intake.caller import check_tokens

ROLE = "refresh-tokens"
_LONGEST_S = 604_800
_DAY_S = 86_400
_SWITCHES = frozenset({"mssub", "msdone", "msfail", "mstout", "mxsub", "mxdone", "mxfail", "mxstout"})
_SECONDS = frozenset({"tem", "intsub", "tmx", "mxintsub"})
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def refreshed(front: Front, identity: Identity, arguments: Arguments) -> str:
    """Return a token that lasts longer: a further API token of this mesh, or the issuer's with a later end.

    Args:
        front: makes and keeps API tokens, and knows the issuers.
        identity: who calls, and by what token.
        arguments: may have ``refresh_interval`` in seconds, a week at most.

    Raises:
        Forbidden: the token may not be refreshed.
        Misunderstood: the interval is no number, or too long.
        mesh.intake.errors.NotAllowed: the API token is not for making tokens.
    """
    interval = arguments.number("refresh_interval", _LONGEST_S)
    if not 0 < interval <= _LONGEST_S:
        msg = f"parameter refresh_interval: {interval:g} is out of range; allowed: up to {_LONGEST_S} seconds"
        raise Misunderstood(msg)
    _check_there(identity)
    if identity.token_id:
        check_tokens(identity.caller)
        kept = front.accounts.token(identity.token_id)
        days = min(interval / _DAY_S, front.access().token_days)
        made = new_token(identity.caller.name, identity.caller.scopes, label=kept.label if kept else "", days=days)
        front.accounts.put_token(made.document)
        return made.text
    if ROLE not in identity.told_roles:
        roles = sorted(identity.told_roles)
        msg = (
            "Unfortunately, your privileges are not sufficient to refresh your token.\n"
            f"Your privilege roles include {roles}, but the following roles are missing: {ROLE}."
        )
        raise Forbidden(msg)
    end = min(identity.claims.get("exp", 0) + interval, time.time() + _LONGEST_S)
    return _signed(front, identity, {"exp": int(end)})


def with_mail_options(front: Front, identity: Identity, arguments: Arguments) -> str:
    """Return the issuer's token with other wishes about mail and messages, which its other services read.

    Raises:
        Forbidden: the token cannot be changed here.
        Misunderstood: an option is neither true nor false, or no number.
    """
    _check_there(identity)
    options: dict[str, Any] = {name: arguments.number(name, 0.0) for name in _SECONDS & arguments.values.keys()}
    for name in _SWITCHES & arguments.values.keys():
        text = arguments.text(name).strip().lower()
        if text not in _BOOLEANS:
            msg = f"parameter {name}: {text[:32]!r} is neither True nor False"
            raise Misunderstood(msg)
        options[name] = _BOOLEANS[text]
    return _signed(front, identity, options)


def _check_there(identity: Identity) -> None:
    if identity.caller.anonymous:
        msg = "A token must be provided."
        raise Forbidden(msg)


def _signed(front: Front, identity: Identity, changes: Mapping[str, Any]) -> str:
    # A session of a browser names no issuer, nor does an API token.
    issuer = front.access().issuers.get(identity.issuer)
    if not isinstance(issuer, SharedSecret) or not issuer.refresh:
        msg = "This mesh changes no such token: ask who gave it to you, or make one with `odamesh token new`."
        raise Forbidden(msg)
    return jwt.encode({**identity.claims, **changes}, issuer.keys[0], algorithm="HS256")
