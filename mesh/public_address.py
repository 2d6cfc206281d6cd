"""Keeps the mesh from posting to its own network: names are resolved once, and private addresses are refused.

Whoever registers an address could otherwise have the mesh ask servers that only the mesh can reach (server-side request
forgery). The address that was checked is the one that is connected to, so that a name cannot lead elsewhere in between.
"""

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from mesh.errors import MeshError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""NAT64 (RFC 6052): the last four bytes are an IPv4 address."""
_MOST = 2000


class NotPublic(MeshError):
    """An address is one to which the mesh does not post; the text says why, and how an operator allows it."""


def networks(text: str) -> tuple[Network, ...]:
    """Read networks that are allowed although they are private, separated by commas, e.g. ``10.1.0.0/16``.

    Raises:
        ValueError: one of them is no network.
    """
    return tuple(ipaddress.ip_network(one.strip()) for one in text.split(",") if one.strip())


def check_url(url: str, allowed: Sequence[Network]) -> None:
    """Return if an address may be registered: as far as that can be told without asking for its name.

    Args:
        url: https, or http into a network that is allowed.
        allowed: private networks to which the mesh may post.

    Raises:
        NotPublic: it is none that can be posted to.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise NotPublic(f"{url[:80]} is no address: write https://host/path.") from None
    if parts.scheme not in {"https", "http"} or not host or len(url) > _MOST or not url.isascii() or " " in url:
        raise NotPublic(f"{url[:80]} is no address that can be posted to: write https://host/path, in ASCII.")
    if parts.username is not None or parts.fragment:
        raise NotPublic("The address has a name and password, or a fragment: messages are signed instead.")
    if parts.scheme == "http" and not allowed:
        raise NotPublic("The address begins with http: messages go over https, so that nobody in between reads them.")
    try:
        given: Address | None = ipaddress.ip_address(host)
    except ValueError:
        given = None
    if given is not None:
        check_address(given, allowed, secure=parts.scheme == "https")


def check_address(address: Address, allowed: Sequence[Network], *, secure: bool) -> None:
    """Return if the mesh may post to an address.

    Raises:
        NotPublic: it is private, loopback, link-local or the like, and in no network that is allowed.
    """
    if any(address in network for network in allowed):
        return
    if not _is_public(address):
        msg = f"{address} is not public: an operator allows its network with ODAMESH_WEBHOOK_NETWORKS."
        raise NotPublic(msg)
    if not secure:
        raise NotPublic(f"{address} is public, and the address begins with http: messages go there over https alone.")


def resolve(host: str, port: int, allowed: Sequence[Network], *, secure: bool) -> str:
    """Return the address of a host to connect to.

    Raises:
        NotPublic: any of its addresses is one to which the mesh does not post.
        OSError: it has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # a part of the name is empty or longer than any can be
        msg = f"{host[:80]} is no name of a host"
        raise OSError(msg) from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    # One bad address among several is no slip: it is how a name is made to look public.
    for address in addresses:
        check_address(address, allowed, secure=secure)
    if not addresses:
        msg = f"{host} has no address"
        raise OSError(msg)
    return str(addresses[0])


def _is_public(address: Address) -> bool:
    """Say whether an address is one of the internet; of IPv6 that carries IPv4, both must be."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None:
            return False
        if address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
    return address.is_global and not address.is_multicast
