// What is around every screen: where one can go, who one is, and whether the mesh answers.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { root, version } from "./api/address";
import { call } from "./api/client";
import { isOperator } from "./api/session";
import type { SessionDocument } from "./api/types";
import { useCall } from "./api/use";
import { Link } from "./parts";

const PLACES: [string, string][] = [
  ["/new", "New query"],
  ["/jobs", "Jobs"],
  ["/gallery", "Gallery"],
  ["/alerts", "Alerts"],
];
const THEMES = ["auto", "light", "dark"];
const THEME_KEY = "odamesh:theme";

export function Frame({ path, children }: { path: string; children: ComponentChildren }) {
  const { value: session, error } = useCall<SessionDocument>("/session");
  const places: [string, string][] = isOperator(session) ? [...PLACES, ["/operate", "Operate"]] : PLACES;
  return (
    <>
      <a class="skip" href="#content">
        To the content
      </a>
      <header>
        <nav aria-label="Screens">
          <Link to="/" class="name">
            odamesh
          </Link>
          {[...places, ["/about", "About"]].map(([place = "", text]) => (
            <Link key={place} to={place} current={path.startsWith(place)}>
              {text}
            </Link>
          ))}
          <a href={`${root}/docs`}>Interface</a>
        </nav>
        <div class="who">
          <Ready operator={isOperator(session)} />
          <Who session={session} unknown={error?.status === 401} path={path} />
          <Theme />
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <footer>
        odamesh {version} · BSD-3-Clause · <Link to="/about">About and licences</Link>
      </footer>
    </>
  );
}

/** Who one is where the mesh has accounts, and the way in or out. */
function Who({ session, unknown, path }: { session: SessionDocument | null; unknown: boolean; path: string }) {
  if (unknown || (session?.accounts && session.anonymous)) {
    return <Link to={`/sign-in?to=${encodeURIComponent(path)}`}>Sign in</Link>;
  }
  if (!session?.accounts) return null;
  const leave = async () => {
    await call("/session", { method: "DELETE" });
    location.assign(`${root}/`);
  };
  return (
    <>
      <span title="you">{session.name}</span>
      <button type="button" onClick={leave}>
        Sign out
      </button>
    </>
  );
}

const READY = {
  asking: "Asking whether the mesh takes jobs",
  ready: "The mesh takes jobs now",
  "not ready": "The mesh takes no jobs now; what was made before can be seen",
  "not connected": "The gateway does not answer",
};

/** Whether a job could be taken now, in words beside the dot; operators see more behind it. */
function Ready({ operator }: { operator: boolean }) {
  const [state, set] = useState<keyof typeof READY>("asking");
  useEffect(() => {
    const look = () => {
      if (document.hidden) return;
      fetch(`${root}/readyz`)
        .then((answer) => set(answer.ok ? "ready" : "not ready"))
        .catch(() => set("not connected"));
    };
    look();
    const timer = setInterval(look, 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span class={`ready ${state.replace(" ", "-")}`} role="status">
      <span aria-hidden="true">{state === "ready" ? "●" : "○"}</span>{" "}
      <Link to={operator ? "/operate" : "/about"} title={READY[state]}>
        {state === "ready" ? "ready for jobs" : state}
      </Link>
    </span>
  );
}

function Theme() {
  const [theme, set] = useState(stored);
  useEffect(() => {
    document.documentElement.style.colorScheme = theme === "auto" ? "light dark" : theme;
    try {
      localStorage.setItem(THEME_KEY, theme);
    } catch {
      // A browser may keep nothing: the theme then lasts as long as the page.
    }
    dispatchEvent(new Event("odamesh:theme"));
  }, [theme]);
  return (
    <label>
      <span class="quiet">Theme</span>{" "}
      <select value={theme} onChange={(event) => set(event.currentTarget.value)}>
        {THEMES.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

function stored(): string {
  try {
    const theme = localStorage.getItem(THEME_KEY) ?? "auto";
    return THEMES.includes(theme) ? theme : "auto";
  } catch {
    return "auto";
  }
}
