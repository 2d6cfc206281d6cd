"""Accounts, for operators: which roles somebody has, and whether anybody gets in under the name."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.api.documents import PREFIX
from gateway.api.fronted import Fronted, note
from gateway.calling import Calling, Traced
from gateway.parts import Given
from gateway.problem import Problem
from mesh.clock import utc_now
from mesh.contracts import Account
from mesh.errors import InvalidRequest
from mesh.intake.caller import check_operator, is_anonymous
from mesh.intake.wish import USER

router = APIRouter(
    prefix=PREFIX,
    tags=["operators"],
    responses={
        403: {"model": Problem, "description": "for operators alone"},
        409: {"model": Problem, "description": "this mesh asks nobody who they are"},
    },
)


class AccountWish(BaseModel):
    """What an account is to be; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    roles: tuple[Annotated[str, StringConstraints(max_length=64)], ...] | None = Field(default=None, max_length=50)
    disabled: bool | None = None


class AccountDocument(BaseModel):
    """What operators have settled about a user."""

    name: str
    roles: tuple[str, ...]
    disabled: bool
    created: str


class RoleDocument(BaseModel):
    """A role."""

    name: str
    help: str


@router.get("/accounts")
def accounts(front: Fronted, caller: Calling) -> list[AccountDocument]:
    """List the accounts about which something is settled."""
    check_operator(caller)
    return [_document(account) for account in front.accounts.all()]


@router.put("/accounts/{name}")
def change(
    *,
    name: Annotated[str, Path(pattern=USER)],
    wish: AccountWish,
    front: Fronted,
    parts: Given,
    caller: Calling,
    trace: Traced,
) -> AccountDocument:
    """Make an account, give it roles, disable it; counts at once here, at other gateways after ten seconds."""
    check_operator(caller)
    known = front.roles().all()
    if unknown := sorted(set(wish.roles or ()) - known.keys()):
        allowed = ", ".join(known)
        raise InvalidRequest(f"There is no role {unknown[0]}; allowed: {allowed}.", field="roles", allowed=allowed)
    if is_anonymous(name):
        raise InvalidRequest("Callers without account have none.", field="name")
    given = wish.model_dump(exclude_none=True)

    def changed(before: Account | None) -> Account:
        return (before or Account(name=name, created=utc_now())).model_copy(update=given)

    account = front.accounts.change(name, changed)
    front.identify.known.accounts.put(name, account)
    note(parts, caller, "change-account", trace, about=name, detail=str(given))
    return _document(account)


@router.get("/roles")
def roles(front: Fronted) -> list[RoleDocument]:
    """List the roles of this mesh."""
    return [RoleDocument(name=name, help=text) for name, text in front.roles().all().items()]


def _document(account: Account) -> AccountDocument:
    return AccountDocument(**account.model_dump())
