"""API tokens: made for programs, shown once, revocable."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.documents import PREFIX
from gateway.api.fronted import Fronted, note
from gateway.calling import Calling, Traced
from gateway.parts import Given
from gateway.problem import Problem
from mesh.accounts.api_tokens import new_token
from mesh.clock import utc_now
from mesh.contracts import ApiToken
from mesh.errors import NotFound
from mesh.intake import Caller, Scope
from mesh.intake.caller import check_tokens, check_user
from mesh.intake.errors import NotAllowed
from mesh.intake.wish import USER

router = APIRouter(
    prefix=PREFIX,
    tags=["tokens"],
    responses={409: {"model": Problem, "description": "this mesh asks nobody who they are"}},
)

_ID = "^[0-9a-f]{20}$"
_USUAL = (Scope.READ, Scope.WRITE)


class NewTokenWish(BaseModel):
    """What a token is to be."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(default="", max_length=64, description="what you call it")
    scopes: tuple[Scope, ...] = Field(default=_USUAL, min_length=1, max_length=len(Scope))
    days: float | None = Field(
        default=None, gt=0, le=36_600, description="how long it works; null, or more than may be: as long as may be"
    )
    user: str | None = Field(default=None, pattern=USER, description="for whom, if an operator makes it")


class TokenDocument(BaseModel):
    """A token, without the token itself."""

    token_id: str
    user: str
    label: str
    scopes: tuple[str, ...]
    created: str
    expires: str | None
    revoked: str | None
    last_used: str | None = Field(description="up to ten minutes too early")


class ShownToken(TokenDocument):
    """A new token, which is never shown again."""

    token: str


@router.get("/tokens")
def tokens(
    front: Fronted,
    caller: Calling,
    user: Annotated[str | None, Query(pattern=USER, description="whose, if an operator asks")] = None,
) -> list[TokenDocument]:
    """List my tokens, the newest first."""
    check_tokens(caller)
    check_user(caller, user or caller.name)
    found = front.accounts.tokens_of(user or caller.name)
    return [_document(token, front.accounts.last_use(token.token_id)) for token in found]


@router.post("/tokens", status_code=status.HTTP_201_CREATED)
def make(
    *, wish: NewTokenWish, response: Response, front: Fronted, parts: Given, caller: Calling, trace: Traced
) -> ShownToken:
    """Make a token. This answer alone shows it."""
    check_tokens(caller)
    user = caller.acting_for(wish.user).name
    _check_scopes(caller, wish.scopes)
    longest = front.access().token_days
    made = new_token(user, wish.scopes, label=wish.label, days=min(wish.days or longest, longest))
    front.accounts.put_token(made.document)
    response.headers["Cache-Control"] = "no-store"
    detail = f"of {user} for {', '.join(made.document.scopes)}"
    note(parts, caller, "make-token", trace, about=made.document.token_id, detail=detail)
    return ShownToken(**_document(made.document, None).model_dump(), token=made.text)


@router.delete("/tokens/{token_id}", responses={404: {"model": Problem, "description": "no such token of yours"}})
def revoke(
    *, token_id: Annotated[str, Path(pattern=_ID)], front: Fronted, parts: Given, caller: Calling, trace: Traced
) -> TokenDocument:
    """Revoke a token; nobody gets in with it from now on, at other gateways after ten seconds."""
    check_tokens(caller)
    token = front.accounts.token(token_id)
    if token is None or (token.user != caller.name and not caller.is_operator):
        raise NotFound(f"There is no token {token_id} of yours.")
    if token.revoked is None:
        token = token.model_copy(update={"revoked": utc_now()})
        front.accounts.put_token(token)
        note(parts, caller, "revoke-token", trace, about=token_id, detail=f"of {token.user}")
    front.identify.known.tokens.put(token_id, token)
    return _document(token, front.accounts.last_use(token_id))


def _check_scopes(caller: Caller, scopes: tuple[Scope, ...]) -> None:
    """No token makes one that may more."""
    more = sorted(set(scopes) - caller.scopes)
    if more:
        raise NotAllowed(f"Your own token is not for {', '.join(more)}, so it makes none that is.")


def _document(token: ApiToken, last_used: str | None) -> TokenDocument:
    shown = token.model_dump(exclude={"sha256"})
    return TokenDocument(**shown, last_used=last_used)
