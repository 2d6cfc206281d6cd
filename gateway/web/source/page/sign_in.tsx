// Signs a browser in with a token of the user: the gateway answers with a cookie that no script reads.
import { useState } from "preact/hooks";

import { root } from "../api/address";
import { call, Refused } from "../api/client";
import type { SessionDocument } from "../api/types";
import { useCall } from "../api/use";
import { ErrorText } from "../parts";

export function SignIn({ query }: { query: URLSearchParams }) {
  const { value: session } = useCall<SessionDocument>("/session");
  const [token, setToken] = useState("");
  const [refused, refuse] = useState<Refused | null>(null);
  const enter = async () => {
    try {
      await call("/session", { method: "POST", headers: { Authorization: `Bearer ${token.trim()}` } });
      // All that is shown was asked for as somebody else.
      location.assign(root + back(query.get("to")));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error);
    }
  };
  return (
    <>
      <h1>Sign in</h1>
      {session && !session.accounts ? <p>This mesh asks nobody who they are: everything is open.</p> : null}
      {session?.accounts && !session.anonymous ? (
        <p>
          You are {session.name}
          {session.roles.length ? ` (${session.roles.join(", ")})` : ""}.
        </p>
      ) : null}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        <div class="field">
          <label for="token">Token</label>
          <input id="token" class="long" type="password" autocomplete="current-password" required value={token} onInput={(event) => setToken(event.currentTarget.value)} aria-describedby="token-help" />
          <p class="help" id="token-help">
            An API token of yours: your operator makes the first one, <code>odamesh token new</code> further ones.
          </p>
        </div>
        {refused ? <ErrorText error={refused} /> : null}
        <button class="main" type="submit" disabled={!token.trim()}>
          Sign in
        </button>
      </form>
      <p class="quiet">This browser keeps a cookie until the session ends; no script and no other site sees it.</p>
    </>
  );
}

/** A screen of this page, whatever an address says. */
function back(to: string | null): string {
  return to && /^\/[^/\\]/.test(to) ? to : "/";
}
