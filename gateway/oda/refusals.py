"""Why a request of the protocol is not done, in the three ways that its client can tell apart."""


class Refusal(Exception):
    """The request is not done.

    Args:
        text: for a person: what is wrong and what to do.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Misunderstood(Refusal):
    """The caller has to change something (400)."""


class Forbidden(Refusal):
    """The caller may not have it (403)."""


class Later(Refusal):
    """The same may be done later (503): the client comes again by itself."""
