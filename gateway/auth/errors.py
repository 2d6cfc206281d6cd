"""Why a caller is not let in; each sentence says what to do."""


class NotSignedIn(Exception):
    """The credential does not count, or there is none where one is needed.

    Args:
        text: for a person.
        kind: a word for the trail: ``missing``, ``expired``, ``revoked``, ``unknown``...
        name: whose credential it is, where that is known.
    """

    def __init__(self, text: str, kind: str, name: str = "") -> None:
        super().__init__(text)
        self.kind = kind
        self.name = name


class IssuerUnavailable(Exception):
    """The keys of an issuer cannot be had now; the same token may count later."""
