"""Python text that asks for the same again through oda_api."""

from collections.abc import Mapping
from pprint import pformat
from typing import Any

from gateway.oda.null import in_python

_NAMES = {"product_type": "product", "query_type": "product_type"}
_LEFT_OUT = frozenset({"session_id", "token", "job_id"})


def api_code(address: str, sent: Mapping[str, Any]) -> str:
    """Return a program.

    Args:
        address: of the protocol at this gateway.
        sent: parameters as the caller sent them.
    """
    parameters = {_NAMES.get(name, name): value for name, value in sorted(sent.items()) if name not in _LEFT_OUT}
    written = pformat(parameters, width=100, sort_dicts=True)
    return (
        "from oda_api.api import DispatcherAPI\n\n"
        f"dispatcher = DispatcherAPI(url={address!r}, instrument='mock')\n"
        f"parameters = {in_python(written)}\n"
        "products = dispatcher.get_product(**parameters)\n"
    )
