"""Taking a request, looking at it, cancelling and deleting it: the one way from every door into the mesh.

A door (the HTTP interface, a protocol, the triggers service) says who calls, hands on a wish, and turns what comes back
or is raised into its own words. It knows nothing of validation, limits, identity, storing and publishing.
"""

from mesh.intake.caller import Caller, Role, Scope
from mesh.intake.handing import Trace
from mesh.intake.intake import Intake
from mesh.intake.limits import Limits
from mesh.intake.quota import Quota, Usage
from mesh.intake.wish import Wish

__all__ = ["Caller", "Intake", "Limits", "Quota", "Role", "Scope", "Trace", "Usage", "Wish"]
