"""What each service may do in the object store, as S3 policies over the prefixes of the bucket.

A link that a service presigns carries its own rights: the gateway hands out product links because it may read
products.
"""

from typing import Any

from infra.rabbitmq.topology import INSTRUMENTS

_READ = "s3:GetObject"
_WRITE = "s3:PutObject"
_DELETE = "s3:DeleteObject"

# Prefixes by action. Products of any instrument can be inputs of another stage, so all of them can be read. A product
# lies under the hash of what it is made of, which does not say by whom: the store cannot tell an instrument's own
# products from those of another. What one that is broken into spoils, `odamesh cache verify` finds.
_INSTRUMENT = {
    _READ: ("parts", "products", "uploads"),
    _WRITE: ("products", "logs"),
}
_ACCOUNTS = ("accounts", "tokens", "token-uses", "audit-trail")
"""Of the gateway, which asks who calls; what it notes of callers it cannot delete."""
_TAKEN = ("alerts/raw", "alerts/receipts", "alerts/ids", "alerts/quarantine")
_POSTED = (*_TAKEN, "alerts/commands")
"""What it takes of alerts; what is done about them the triggers service writes."""
_ALERTS = ("alerts", "transients")
_RECORDS = ("requests", "jobs", "ends", "runs", "rows")
_SERVICES = {
    "gateway": {
        _READ: (*_RECORDS, "links", "products", "evicted", "logs", "users", *_ACCOUNTS, *_ALERTS, "webhooks"),
        # Operators register where to post, and have tests posted.
        _WRITE: (
            *("requests", "links", "jobs", "uploads", *_ACCOUNTS, *_POSTED),
            *("webhooks/endpoints", "webhooks/waiting"),
        ),
    },
    "dispatcher": {
        _READ: ("requests", "jobs", "ends", "runs", "rows", "products", "logs", "users"),
        _WRITE: ("parts", "ends", "runs", "rows"),
        # Requests and the ends of jobs stay for ever.
        _DELETE: ("jobs", "runs", "rows", "audit-trail"),
    },
    "cache": {
        _READ: ("requests", "jobs", "ends", "runs", "rows", "products", "logs", "pins", "evicted"),
        _WRITE: ("evicted",),
        _DELETE: ("products", "logs"),
    },
    "triggers": {
        _READ: (*_RECORDS, "products", "evicted", "users", *_ALERTS),
        # Sky maps that came in messages are inputs of jobs, like those that callers send.
        _WRITE: ("requests", "jobs", "uploads", "alerts/events", "transients"),
    },
    "transports": {
        # It takes alerts as the gateway does, and disables endpoints that never answer.
        _READ: (*_TAKEN, "alerts/events", "webhooks"),
        _WRITE: (*_TAKEN, "webhooks"),
        _DELETE: ("webhooks/waiting", "webhooks/done"),
    },
}


def of(service: str, bucket: str) -> dict[str, Any]:
    """Policy document of one service. KeyError for a service without an account."""
    rights = _INSTRUMENT if service in INSTRUMENTS else _SERVICES[service]
    statements = [
        {
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation", "s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{bucket}"],
        }
    ]
    statements += [
        {
            "Effect": "Allow",
            "Action": [action],
            "Resource": [f"arn:aws:s3:::{bucket}/{prefix}/*" for prefix in prefixes],
        }
        for action, prefixes in rights.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}
