// A screen that is fetched when it is first shown: who only looks at a table need not load plots.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

/** A component that begins as a sentence, and becomes what *load* brings. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let known: ComponentType<Props> | null = null;
  return function Later(props: Props) {
    const [Shown, set] = useState<ComponentType<Props> | null>(() => known);
    useEffect(() => {
      if (known) return;
      void load().then((found) => {
        known = found;
        set(() => found);
      });
    }, []);
    return Shown ? <Shown {...props} /> : <p>Loading this part of the page…</p>;
  };
}
