"""Who calls, and what a caller may do: the one place that decides."""

from enum import StrEnum

from mesh.accounts.roles import ALERTS, OPERATOR, Roles, lanes_of
from mesh.contracts import Analysis, JobView, Lane
from mesh.contracts.document import Part
from mesh.errors import NotFound
from mesh.intake.errors import NotAllowed, RoleMissing

ANONYMOUS = "anonymous"
"""Whose share of the mesh everybody takes who does not say who calls."""


class Role(StrEnum):
    """Roles that every mesh has; an operator may name more."""

    OPERATOR = OPERATOR
    ALERTS = ALERTS


class Scope(StrEnum):
    """What may be done with a token."""

    READ = "read"
    """Look at jobs and take their products."""
    WRITE = "write"
    """Submit, start, share, cancel and delete jobs."""
    TOKENS = "tokens"
    """Make and revoke tokens."""
    OPERATE = "operate"
    """Use the role operator, where the user has it."""


class Caller(Part):
    """Who calls, as the door knows it.

    A mesh without accounts takes a caller's word for the name and lets everybody do everything: its doors say so with
    `anybody`.
    """

    name: str
    """Of a caller without account: ``anonymous@`` and digits that tell one address from another."""
    roles: frozenset[str] = frozenset()
    lanes: frozenset[Lane] = frozenset({Lane.USER, Lane.BATCH})
    """Lanes that the caller may use."""
    scopes: frozenset[Scope] = frozenset(Scope)
    address: str = ""
    """From which the call came, for the audit trail."""
    actor: str = ""
    """Who really calls, where an operator acts for the one named; empty: the same."""

    @classmethod
    def anybody(cls, name: str = ANONYMOUS) -> "Caller":
        """Return the caller of a door that does not know who calls."""
        return cls(name=name, roles=frozenset(Role), lanes=frozenset(Lane))

    @classmethod
    def with_roles(
        cls, name: str, roles: frozenset[str], *, scopes: frozenset[Scope] = frozenset(Scope), address: str = ""
    ) -> "Caller":
        """Return a caller who may what the roles allow, as far as the scopes do."""
        used = roles if Scope.OPERATE in scopes else roles - {OPERATOR}
        return cls(name=name, roles=roles, lanes=lanes_of(used), scopes=scopes, address=address)

    @property
    def anonymous(self) -> bool:
        """Whether nobody knows who it is."""
        return is_anonymous(self.name)

    @property
    def share(self) -> str:
        """The user whose share of the mesh the caller's jobs take: all who are anonymous have one together."""
        return ANONYMOUS if self.anonymous else self.name

    @property
    def is_operator(self) -> bool:
        """Whether the caller may do everything."""
        return OPERATOR in self.roles and Scope.OPERATE in self.scopes

    def acting_for(self, user: str | None) -> "Caller":
        """Return the caller who submits as *user*; None: as whoever it is.

        Raises:
            NotAllowed: somebody else's name, and the caller is no operator.
        """
        if user is None or user == self.name:
            return self
        if not self.is_operator:
            msg = f"You are {self.name}: leave `user` out, or give your own name; only an operator submits for others."
            raise NotAllowed(msg)
        return self.model_copy(update={"name": user, "actor": self.name})


def is_anonymous(name: str) -> bool:
    """Say whether a name is that of callers whom nobody knows."""
    return name.partition("@")[0] == ANONYMOUS


def owner_of(view: JobView) -> str:
    """Return whose job it is."""
    return view.owner or view.user


def may_look(caller: Caller, view: JobView) -> bool:
    """Say whether *caller* may look at a job, follow it, take its products and use them.

    Its owner may, an operator, whoever has the id of a job that its owner shares, and whoever has the id of a job of
    nobody in particular.
    """
    if Scope.READ not in caller.scopes:
        return False
    owner = owner_of(view)
    return caller.is_operator or caller.name == owner or view.shared or is_anonymous(owner)


def check_look(caller: Caller, view: JobView) -> None:
    """Return if *caller* may look at a job.

    Raises:
        NotFound: they may not, and so do not learn that it is there.
        NotAllowed: the token is not for reading.
    """
    _check_scope(caller, Scope.READ)
    if not may_look(caller, view):
        raise NotFound(f"There is no job {view.job_id} that {_named(caller)} may see; its owner can share it.")


def check_change(caller: Caller, view: JobView) -> None:
    """Return if *caller* may start, share, cancel or delete a job.

    Raises:
        NotAllowed: it belongs to somebody else, or the token is not for changes.
    """
    _check_scope(caller, Scope.WRITE)
    if caller.name != owner_of(view) and not caller.is_operator:
        msg = f"This job belongs to {owner_of(view)}: only its owner or an operator may change it."
        raise NotAllowed(msg)


def check_submit(caller: Caller, lane: Lane) -> None:
    """Return if *caller* may submit something in a lane.

    Raises:
        NotAllowed: names the lanes that the caller may use, and the role that opens the other.
    """
    _check_scope(caller, Scope.WRITE)
    check_lane(caller, lane)


def check_lane(caller: Caller, lane: Lane) -> None:
    """Return if *caller* may use a lane.

    Raises:
        RoleMissing: names the lanes that the caller may use.
    """
    if lane not in caller.lanes:
        allowed = ", ".join(sorted(caller.lanes))
        msg = f"The lane {lane.value} needs the role {ALERTS}, which {_named(caller)} lacks; allowed: {allowed}."
        raise RoleMissing(msg, role=ALERTS)


def check_rules(caller: Caller, analysis: Analysis, roles: Roles) -> None:
    """Return if *caller* has the roles that an analysis needs.

    Raises:
        RoleMissing: names the first one that is missing, what needs it and why.
    """
    if caller.is_operator:
        return
    lacking = roles.lacking(analysis, caller.roles)
    if lacking is not None:
        rule, what = lacking
        because = f" {rule.because}" if rule.because else ""
        msg = f"This needs the role {rule.role}, which {_named(caller)} lacks: {what}.{because}"
        raise RoleMissing(msg, role=rule.role)


def check_user(caller: Caller, user: str) -> None:
    """Return if *caller* may see what a user has waiting and has spent, and the user's list of jobs.

    Raises:
        NotAllowed: it is somebody else.
    """
    _check_scope(caller, Scope.READ)
    if user not in {caller.name, caller.share} and not caller.is_operator:
        raise NotAllowed(f"This is for {user} and for operators; you are {caller.name}.")


def check_operator(caller: Caller) -> None:
    """Return if *caller* is an operator.

    Raises:
        RoleMissing: they are not.
    """
    if not caller.is_operator:
        token = OPERATOR in caller.roles
        why = "with a token of the scope operate" if token else f"which {_named(caller)} lacks"
        raise RoleMissing(f"This needs the role {OPERATOR}, {why}.", role=OPERATOR)


def check_tokens(caller: Caller) -> None:
    """Return if *caller* may make and revoke tokens.

    Raises:
        NotAllowed: there is no account, or this token is not for that.
    """
    if caller.anonymous:
        raise NotAllowed("Tokens belong to an account: sign in first.")
    _check_scope(caller, Scope.TOKENS)


def _check_scope(caller: Caller, scope: Scope) -> None:
    if scope not in caller.scopes:
        has = ", ".join(sorted(caller.scopes)) or "nothing"
        raise NotAllowed(f"This token is for {has}, and this needs the scope {scope.value}.")


def _named(caller: Caller) -> str:
    return "a caller without account" if caller.anonymous else caller.name
