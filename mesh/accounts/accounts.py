"""Accounts and API tokens in MinIO."""

from collections.abc import Callable, Iterator

from mesh.accounts.api_tokens import owner_digits
from mesh.contracts import Account, ApiToken, TokenUse
from mesh.errors import NotFound
from mesh.store import names
from mesh.store.objects import Objects

_JSON = "application/json"


class Accounts:
    """The documents; every method raises StoreUnavailable when MinIO is out of reach."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def account(self, name: str) -> Account | None:
        """Return an account; None where an operator has settled nothing about the name."""
        try:
            return Account.decode(self._objects.get(names.account_object(name)))
        except NotFound:
            return None

    def change(self, name: str, change: Callable[[Account | None], Account]) -> Account:
        """Change or make an account; of two who do at once, one changes what the other one has written.

        Args:
            name: of the user.
            change: makes the new one of the present one; called again when that changed meanwhile.
        """
        place = names.account_object(name)
        while True:
            try:
                text, tag = self._objects.get_tagged(place)
            except NotFound:
                changed = change(None)
                done = self._objects.put_new(place, changed.encode(), _JSON)
            else:
                changed = change(Account.decode(text))
                done = self._objects.replace(place, changed.encode(), tag, _JSON)
            if done:
                return changed

    def all(self) -> Iterator[Account]:
        """Return every account, by name."""
        for entry in self._objects.list(names.ACCOUNTS):
            yield Account.decode(self._objects.get(entry.name))

    def exist(self) -> bool:
        """Say whether there is any account."""
        return next(iter(self._objects.list(names.ACCOUNTS)), None) is not None

    def token(self, token_id: str) -> ApiToken | None:
        """Return a token, also one that expired or was revoked; None where there is none."""
        try:
            return ApiToken.decode(self._objects.get(names.token_object(token_id)))
        except NotFound:
            return None

    def put_token(self, token: ApiToken) -> None:
        """Store a token, in place of what is stored under its id."""
        self._objects.put(names.token_object(token.token_id), token.encode(), _JSON)

    def tokens_of(self, user: str) -> list[ApiToken]:
        """Return the tokens of a user, the newest first."""
        found = (
            ApiToken.decode(self._objects.get(entry.name))
            for entry in self._objects.list(f"{names.TOKENS}{owner_digits(user)}")
        )
        return sorted((one for one in found if one.user == user), key=lambda one: one.created, reverse=True)

    def last_use(self, token_id: str) -> str | None:
        """Return when a token was used last; None: never."""
        try:
            return TokenUse.decode(self._objects.get(names.token_use_object(token_id))).used
        except NotFound:
            return None

    def note_use(self, token_id: str, used: str) -> None:
        """Note that a token was used."""
        use = TokenUse(token_id=token_id, used=used)
        self._objects.put(names.token_use_object(token_id), use.encode(), _JSON)
