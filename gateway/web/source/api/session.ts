// What the session of a browser allows.
import type { SessionDocument } from "./types";

/** Whether the caller may do everything: the role, and a credential that is for it. */
export function isOperator(session: SessionDocument | null): boolean {
  return session !== null && session.roles.includes("operator") && session.scopes.includes("operate");
}
