"""What browsers may do on the page (Content-Security-Policy): ask no host but this one, the store and the surveys."""

from collections.abc import Iterable
from urllib.parse import urlsplit

_SAMP_HUB = "http://localhost:21012"
"""Where the desktop programs of a user listen (SAMP Web Profile)."""


def content_security_policy(store: str | None, surveys: Iterable[str] = ()) -> str:
    """Return the policy as one header.

    WebAssembly, ``blob:`` workers and inline styles are for Aladin Lite, which has its shaders and styles inside.

    Args:
        store: address of the object store that links to files lead to; None: files come through the gateway.
        surveys: addresses of sky surveys (HiPS) that the operator offers.
    """
    origins = " ".join(dict.fromkeys(_origin(survey) for survey in surveys))
    files = _origin(store) if store else ""
    rules = {
        "default-src": "'self'",
        "script-src": "'self' 'wasm-unsafe-eval'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": f"'self' data: blob: {files} {origins}",
        "connect-src": f"'self' data: blob: {files} {origins} {_SAMP_HUB}",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "form-action": "'self'",
    }
    return "; ".join(f"{name} {' '.join(sources.split())}" for name, sources in rules.items())


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
