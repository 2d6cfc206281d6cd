"""What each service may do in Redis: key patterns and command categories, as an access list states them.

Keys belong to families, the word before the first colon. Rights hold inside functions too: a function does what its
caller may, whoever loaded it. So only those load functions who may do everything that a function does; anybody else
could have the dispatcher run code with its rights. Nobody but `admin` may list, flush or configure the server.
"""

from infra.rabbitmq.topology import INSTRUMENTS

_ALL = "~* &* +@all"
_COMMANDS = "resetchannels +@all -@admin -@dangerous -@scripting +info +fcall"
_LOADERS = frozenset({"dispatcher"})

# Instruments say who executes what and which products are there; jobs and runs are not their business.
_INSTRUMENT = ("lease", "owner", "announced", "product", "unit", "mesh")
_RECORDS = ("job", "jobs", "request", "run", "runs", "unit", "units", "backlog", "window")
_SERVICES = {
    # It enters jobs; what becomes of them it only reads. Whoever fetches a product has used it. Queries are its own,
    # and it has tests of webhooks posted.
    "gateway": ("job", "jobs", "queries", "mesh:products-used", "webhooks"),
    "dispatcher": (*_RECORDS, "announced", "product", "lease", "owner", "mesh"),
    # What is evicted must be needed by no run.
    "cache": ("product", "unit", "run", "runs", "lease", "owner", "mesh"),
    # It submits jobs as the gateway does.
    "triggers": ("job", "jobs", "alerts"),
    "transports": ("webhooks",),
}
_READ = {
    "gateway": (*_RECORDS, "announced", "product", "mesh", "alerts"),
    "triggers": (*_RECORDS, "announced", "product", "mesh"),
}


def rules(service: str) -> str:
    """Rules of one service's account, after its password. KeyError for a service without an account."""
    if service == "admin":
        return _ALL
    families = _INSTRUMENT if service in INSTRUMENTS else _SERVICES[service]
    patterns = [pattern for family in families for pattern in (f"~{family}", f"~{family}:*")]
    patterns += [pattern for family in _READ.get(service, ()) for pattern in (f"%R~{family}", f"%R~{family}:*")]
    load = " +function|load" if service in _LOADERS else ""
    return f"{' '.join(patterns)} {_COMMANDS}{load}"
