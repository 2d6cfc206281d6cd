// Mouse, wheel and fingers on the map: they are heard before the viewer hears them, and it gets what is left.
import type { Sky } from "./sky";

type Point = [number, number];

export interface Heard {
  /** Whose marker can be dragged. */
  chosen: () => number | null;
  /** The pointer is here; null: it has left. */
  pointed: (world: Point | null) => void;
  /** A marker was clicked. */
  picked: (id: number) => void;
  /** The sky beside all markers was clicked, at this place of the element [px]. */
  clicked: (world: Point, x: number, y: number) => void;
  /** The chosen marker is dragged; at the end with *done*. */
  dragged: (id: number, world: Point, done: boolean) => void;
  /** The wheel turned, but scrolls the page. */
  scrolled: () => void;
}

const CLICK_PX = 4;

/** Listen on the element that holds the map; returns what stops that. */
export function listen(element: HTMLElement, sky: Sky, heard: Heard): () => void {
  let start: Point | null = null;
  let dragging: number | null = null;
  let far = false;
  let pinch: { apart: number; fov: number; middle: Point } | null = null;

  const of = (event: { clientX: number; clientY: number }): Point => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  // Buttons and texts lie over the map as well.
  const onMap = (event: Event) => event.target instanceof Node && sky.place.contains(event.target);
  const draggable = (at: Point) => {
    const marker = sky.hit(...at);
    return marker && marker.id === heard.chosen() ? marker.id : null;
  };

  const down = (event: PointerEvent) => {
    far = false;
    start = onMap(event) && event.button === 0 ? of(event) : null;
    if (!start) return;
    element.focus({ preventScroll: true });
    dragging = draggable(start);
    if (dragging === null) return;
    // The viewer would move the sky with it.
    event.preventDefault();
    event.stopPropagation();
    element.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent) => {
    if (!onMap(event) && dragging === null) return heard.pointed(null);
    const at = of(event);
    if (start && Math.hypot(at[0] - start[0], at[1] - start[1]) > CLICK_PX) far = true;
    const world = sky.world(...at);
    heard.pointed(world);
    element.classList.toggle("over", sky.hit(...at) !== null);
    if (dragging !== null && far && world) heard.dragged(dragging, world, false);
  };
  const up = (event: PointerEvent) => {
    const world = dragging !== null && far ? sky.world(...of(event)) : null;
    if (dragging !== null && world) heard.dragged(dragging, world, event.type === "pointerup");
    dragging = null;
    start = null;
  };
  const leave = () => heard.pointed(null);
  const click = (event: MouseEvent) => {
    if (!onMap(event) || far) return;
    const at = of(event);
    const marker = sky.hit(...at);
    if (marker) return heard.picked(marker.id);
    const world = sky.world(...at);
    if (world) heard.clicked(world, ...at);
  };
  const wheel = (event: WheelEvent) => {
    const wanted = event.ctrlKey || event.metaKey || document.fullscreenElement || element.contains(document.activeElement);
    if (wanted) return;
    event.stopPropagation();
    heard.scrolled();
  };

  // One finger scrolls the page, or drags the chosen marker; two move and zoom the map.
  const touched = (event: TouchEvent) => {
    if (!onMap(event)) return;
    event.stopPropagation();
    const [one, two] = [event.touches[0], event.touches[1]];
    if (event.type === "touchstart" && one && !two && draggable(of(one)) !== null) event.preventDefault();
    if (!one || !two) {
      pinch = null;
      return;
    }
    event.preventDefault();
    const apart = Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
    const middle: Point = [(one.clientX + two.clientX) / 2, (one.clientY + two.clientY) / 2];
    if (pinch) {
      sky.zoom((pinch.fov * pinch.apart) / Math.max(1, apart));
      sky.pan((pinch.middle[0] - middle[0]) / sky.width, (middle[1] - pinch.middle[1]) / sky.height);
      pinch.middle = middle;
    } else pinch = { apart, fov: sky.view().fov, middle };
  };

  const early = { capture: true, passive: false };
  const heardBy: [string, (event: never) => void][] = [
    ["pointerdown", down],
    ["pointermove", move],
    ["pointerup", up],
    ["pointercancel", up],
    ["pointerleave", leave],
    ["click", click],
    ["wheel", wheel],
    ["touchstart", touched],
    ["touchmove", touched],
    ["touchend", touched],
    ["touchcancel", touched],
  ];
  for (const [name, hear] of heardBy) element.addEventListener(name, hear as (event: Event) => void, early);
  return () => {
    for (const [name, hear] of heardBy) element.removeEventListener(name, hear as (event: Event) => void, early);
  };
}
