"""What a gateway that asks callers who they are works with: the access file, accounts, rates."""

from collections.abc import Callable

from gateway.auth.access_file import Access
from gateway.auth.identify import Identify
from gateway.auth.pace import Pace
from gateway.settings import GatewaySettings
from mesh.accounts.accounts import Accounts
from mesh.accounts.roles import Roles
from mesh.settings import SettingsError


class Front:
    """Its parts; belongs to one event loop.

    Args:
        access: what the access file says now.
        accounts: in the store.
    """

    def __init__(self, access: Callable[[], Access], accounts: Accounts) -> None:
        self.access = access
        self.accounts = accounts
        self.pace = Pace(lambda: access().rates)
        self.identify = Identify(access, accounts, self.pace)

    def roles(self) -> Roles:
        """Return roles and rules as they are now."""
        return self.access().known_roles()


def require_accounts(settings: GatewaySettings, access: Access, accounts: Accounts) -> None:
    """Return if somebody could sign in.

    Raises:
        SettingsError: nobody could; says how to set that up.
        StoreUnavailable: the store does not answer.
    """
    if access.issuers or accounts.exist():
        return
    why = "ODAMESH_GATEWAY_ACCOUNTS is on" if settings.for_this_machine else "others can reach the gateway"
    msg = (
        f"{why}, and it knows no accounts: make the first with `odamesh users add NAME --role operator`, or name an "
        f"issuer of tokens in access.toml (docs/accounts.md). On 127.0.0.1 alone, without ODAMESH_GATEWAY_HOSTS, "
        "nobody is asked"
    )
    raise SettingsError(msg)
