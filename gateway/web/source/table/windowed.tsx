// A grid of any number of rows, of which only those in view are in the document; the keyboard walks through it.
import type { ComponentChild } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

const ROW = 26;
const BEYOND = 8;
/** Rows by which one has to scroll before others are drawn: a wheel moves in many small steps. */
const STRIDE = 4;

interface Props {
  label: string;
  head: ComponentChild;
  columns: string;
  count: number;
  /** Index of the row that is marked; -1: none. */
  marked: number;
  mark: (index: number) => void;
  /** Enter, or a click: open the row. */
  open: (index: number) => void;
  /** Index of the row that is open; -1: none. */
  opened: number;
  /** Escape: close what is open. */
  close: () => void;
  row: (index: number) => ComponentChild;
  rowKey: (index: number) => string;
}

export function Windowed({ label, head, columns, count, marked, mark, open, opened, close, row, rowKey }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [seen, see] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => {
      const height = element.clientHeight;
      const top = Math.floor(element.scrollTop / (ROW * STRIDE)) * ROW * STRIDE;
      see((before) => (before.top === top && before.height === height ? before : { top, height }));
    };
    const sized = new ResizeObserver(look);
    sized.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      sized.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  const first = Math.max(0, Math.floor(seen.top / ROW) - BEYOND);
  const last = Math.min(count, Math.ceil((seen.top + seen.height) / ROW) + STRIDE + BEYOND);
  const walk = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(seen.height / ROW) - 2);
    const steps: Record<string, number> = {
      ArrowDown: marked + 1,
      ArrowUp: marked - 1,
      PageDown: marked + page,
      PageUp: marked - page,
      Home: 0,
      End: count - 1,
    };
    if (event.key === "Enter" && marked >= 0) open(marked);
    else if (event.key === "Escape" && opened >= 0) close();
    else if (event.key in steps) {
      const to = Math.min(count - 1, Math.max(0, steps[event.key] ?? 0));
      mark(to);
      const element = box.current;
      if (element && to * ROW < element.scrollTop) element.scrollTop = to * ROW;
      else if (element && (to + 2) * ROW > element.scrollTop + element.clientHeight) {
        element.scrollTop = (to + 2) * ROW - element.clientHeight;
      }
    } else return;
    event.preventDefault();
  };
  const rows = [];
  for (let index = first; index < last; index++) {
    rows.push(
      <div
        key={rowKey(index)}
        id={`row-${index}`}
        role="row"
        aria-rowindex={index + 2}
        aria-selected={index === marked}
        aria-current={index === opened ? "true" : undefined}
        class="grid-row"
        style={{ top: `${index * ROW}px`, gridTemplateColumns: columns }}
        onClick={() => {
          mark(index);
          open(index);
        }}
      >
        {row(index)}
      </div>,
    );
  }
  return (
    <div class="wide">
      <div
        ref={box}
        class="grid"
        role="grid"
        aria-label={label}
        aria-rowcount={count + 1}
        aria-activedescendant={marked >= first && marked < last ? `row-${marked}` : undefined}
        tabIndex={0}
        onKeyDown={walk}
        onFocus={() => {
          if (marked < 0 && count) mark(Math.max(0, opened));
        }}
      >
        <div class="grid-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: columns }}>
          {head}
        </div>
        <div role="rowgroup" style={{ height: `${count * ROW}px`, position: "relative" }}>
          {rows}
        </div>
      </div>
    </div>
  );
}
