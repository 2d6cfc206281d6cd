"""Roles and what is kept for them: the lanes that a role opens, and rules that name the role a request needs."""

from pydantic import Field, model_validator

from mesh.archive.extent import count_bound
from mesh.contracts import Analysis, Lane
from mesh.contracts.document import Part
from mesh.instruments import instrument

OPERATOR = "operator"
"""May do everything, with everybody's jobs too; no rule stops an operator."""
ALERTS = "alerts"
"""May use the lane ``alert``, whose slots are reserved."""

_OWN = {OPERATOR: "runs this mesh", ALERTS: "may use the lane alert"}


class Rule(Part):
    """What needs a role: every condition that is given must hold."""

    role: str = Field(min_length=1)
    because: str = ""
    """A sentence for whoever is refused: why, or how to get the role."""
    instruments: tuple[str, ...] = ()
    """Only these; empty: all."""
    products: tuple[str, ...] = ()
    windows_above: int | None = Field(default=None, ge=0)
    """More science windows, or slices of time, than this. A selection that does not tell how many is refused as well,
    with the advice to set ``max_pointings``."""
    versions: tuple[str, ...] = ()
    """Science windows of one of these versions, e.g. ``000`` for near-real-time data."""
    parameter: str = ""
    values: tuple[str | float | bool, ...] = ()
    """The parameter has one of these values; with ``other_than`` none of those."""
    other_than: tuple[str | float | bool, ...] = ()

    @model_validator(mode="after")
    def _holds_something(self) -> "Rule":
        if bool(self.parameter) != bool(self.values or self.other_than):
            msg = "a rule on a parameter names the parameter and its values or other_than"
            raise ValueError(msg)
        conditions = (self.instruments, self.products, self.versions, self.parameter)
        if self.windows_above is None and not any(conditions):
            msg = f"the rule for role {self.role!r} has no condition"
            raise ValueError(msg)
        return self

    def needs(self, analysis: Analysis) -> str | None:
        """Return what of an analysis needs the role, in words; None where nothing does."""
        if self.instruments and analysis.instrument not in self.instruments:
            return None
        if self.products and analysis.product not in self.products:
            return None
        parts = []
        if self.windows_above is not None:
            if (counted := _too_many(analysis, self.windows_above)) is None:
                return None
            parts.append(counted)
        if self.versions:
            found = [scw for scw in analysis.selection.scws or () if scw.rpartition(".")[2] in self.versions]
            if not found:
                return None
            parts.append(f"science window {found[0]}")
        if self.parameter:
            value = analysis.parameters.get(self.parameter)
            if self.parameter not in analysis.parameters or not self._kept(value):
                return None
            parts.append(f"{self.parameter} = {value}")
        return " with ".join(parts) or f"{analysis.product} of {analysis.instrument}"

    def _kept(self, value: object) -> bool:
        return value in self.values or bool(self.other_than and value not in self.other_than)


class Roles(Part):
    """The roles of a mesh, beside `OPERATOR` and `ALERTS`, and its rules."""

    described: dict[str, str] = Field(default_factory=dict)
    """Role -> a sentence on it."""
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _rules_name_roles(self) -> "Roles":
        unknown = {rule.role for rule in self.rules} - self.all().keys()
        if unknown:
            msg = f"rules name roles that [roles] does not describe: {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        return self

    def all(self) -> dict[str, str]:
        """Return every role with a sentence on it."""
        return _OWN | self.described

    def lacking(self, analysis: Analysis, roles: frozenset[str]) -> tuple[Rule, str] | None:
        """Return the first rule that refuses an analysis to somebody with these roles, and what it refuses."""
        for rule in self.rules:
            if rule.role not in roles and (what := rule.needs(analysis)) is not None:
                return rule, what
        return None


def lanes_of(roles: frozenset[str]) -> frozenset[Lane]:
    """Return the lanes that somebody with these roles may use."""
    return frozenset(Lane) if roles & {OPERATOR, ALERTS} else frozenset({Lane.USER, Lane.BATCH})


def _too_many(analysis: Analysis, most: int) -> str | None:
    chosen = instrument(analysis.instrument)
    if not chosen.takes_windows(analysis.product):
        return None
    count = count_bound(chosen, analysis.selection)
    if count is None:
        return f"a time range that may hold more than {most} science windows (set selection.max_pointings to limit it)"
    return f"{count} science windows, more than {most}" if count > most else None
