// When events were: a mark each on one line of time, of which a part is chosen by dragging.
import { useRef, useState } from "preact/hooks";

interface Mark {
  name: string;
  utc: string;
  kind: string;
}

const [WIDE, HIGH, EDGE] = [1000, 56, 20];

export function TimeLine({ marks, choose }: { marks: Mark[]; choose: (t1: string, t2: string) => void }) {
  const picture = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const times = marks.map((one) => Date.parse(one.utc));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  if (marks.length < 2 || !(last > first)) return null;
  const x = (time: number) => EDGE + ((time - first) / (last - first)) * (WIDE - 2 * EDGE);
  const pointed = (event: PointerEvent) => {
    const box = picture.current?.getBoundingClientRect();
    return box ? ((event.clientX - box.left) / box.width) * WIDE : 0;
  };
  const timeAt = (place: number) => new Date(first + ((place - EDGE) / (WIDE - 2 * EDGE)) * (last - first)).toISOString().slice(0, 19);
  const end = () => {
    if (drag) {
      const [from, to] = [Math.min(...drag), Math.max(...drag)];
      if (to - from > WIDE / 100) choose(timeAt(from), timeAt(to));
    }
    setDrag(null);
  };
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  return (
    <svg
      ref={picture}
      class="time-line"
      viewBox={`0 0 ${WIDE} ${HIGH}`}
      role="img"
      aria-label={`${marks.length} events from ${day(first)} to ${day(last)}; the fields above choose a part of the time as dragging does`}
      onPointerDown={(event) => setDrag([pointed(event), pointed(event)])}
      onPointerMove={(event) => drag && setDrag([drag[0], pointed(event)])}
      onPointerUp={end}
      onPointerLeave={() => setDrag(null)}
    >
      {drag ? <rect class="chosen" x={Math.min(...drag)} y="0" width={Math.abs(drag[1] - drag[0])} height={HIGH} /> : null}
      <path d={`M${EDGE} 30H${WIDE - EDGE}`} />
      {marks.map((one) => (
        <path key={`${one.name} ${one.utc}`} class="mark" d={`M${x(Date.parse(one.utc))} 10V30`}>
          <title>
            {one.name}, {one.kind}, {one.utc}
          </title>
        </path>
      ))}
      <text x={EDGE} y="50">
        {day(first)}
      </text>
      <text x={WIDE - EDGE} y="50" text-anchor="end">
        {day(last)}
      </text>
    </svg>
  );
}
