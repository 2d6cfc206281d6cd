// The one Aladin Lite of this page: all calls to it are here, so that another viewer would be one file.
//
// A browser has few WebGL contexts and gives none back soon: the instance is made once, outside of the components, and
// moved into the screen that shows it. Given its image as survey it asks no other host for anything. It draws the image,
// contours and regions; sources, grid and colour bar are ours (`overlay`), so that they are what the table says at once.
import { aladinUrl } from "../api/address";
import type { Frame, Projection } from "./grid";
import { draw, hit, type Look, type Marker, type Scene } from "./overlay";
import { REGION_COLOURS, type Region } from "./regions";

interface Layer {
  setCuts(low: number, high: number): void;
  setColormap(name: string, options: { stretch: string; reversed?: boolean }): void;
}
interface Lines {
  add(shape: unknown): void;
  removeAll(): void;
}
interface Moc {
  name: string;
}
interface Viewer {
  addMOC(moc: Moc): void;
  removeOverlay(moc: Moc): void;
  setBaseImageLayer(layer: Layer): void;
  addOverlay(overlay: Lines): void;
  gotoRaDec(ra: number, dec: number): void;
  getRaDec(): [number, number];
  setFoV(degrees: number): void;
  getFov(): [number, number];
  pix2world(x: number, y: number, frame: string): [number, number] | null;
  world2pix(ra: number, dec: number): [number, number] | null;
  setFrame(name: string): void;
  setCooGrid(options: { enabled: boolean }): void;
  getViewDataURL(options: { format: string }): Promise<string>;
}
interface Library {
  init: Promise<void>;
  aladin(place: HTMLElement, options: Record<string, unknown>): Viewer;
  image(url: string, options: Record<string, unknown>, done?: () => void, failed?: (error: unknown) => void): Layer;
  graphicOverlay(options: Record<string, unknown>): Lines;
  polyline(points: [number, number][], options: Record<string, unknown>): unknown;
  MOCFromURL(url: string, options: Record<string, unknown>, done?: () => void, failed?: (error: unknown) => void): Moc;
  MOCFromJSON(cells: Record<string, number[]>, options: Record<string, unknown>): Moc;
}

/** Middle of the view [deg], and its width [deg]. */
export interface View {
  ra: number;
  dec: number;
  fov: number;
}

const OFF = [
  ..."Layers Fullscreen Goto Coo CooLocation Zoom Simbad Share Frame Fov Projection Settings Contextmenu ColorPicker Status".split(" "),
].flatMap((name) => [`show${name}Control`, `show${name}`]);
/** Narrowest and widest view of the gnomonic projection [deg]. */
const NARROW = 0.05;
const WIDE = 140;

export class Sky implements Projection {
  /** The view is another one; *resized*: the place for it is. */
  moved: (resized: boolean) => void = () => undefined;
  /** What holds viewer and overlay. */
  readonly place = document.createElement("div");
  private readonly canvas = document.createElement("canvas");
  private readonly lines: Lines;
  private mocs: Moc[] = [];
  private drawn = "";
  private size = "";
  private watching = 0;
  private scene: Scene | null = null;
  /** Which file's image is shown, and its address in the browser. */
  of = "";
  private shown = "";

  private constructor(
    private readonly library: Library,
    private readonly viewer: Viewer,
    private layer: Layer,
    viewed: HTMLElement,
  ) {
    this.lines = library.graphicOverlay({ color: "#ffd166", lineWidth: 1, name: "lines" });
    viewer.addOverlay(this.lines);
    this.place.className = "layers";
    this.canvas.className = "marks";
    this.canvas.setAttribute("aria-hidden", "true");
    this.place.append(viewed, this.canvas);
    // The link to the makers of the viewer is on the page About as well; behind an image nobody finds it with the keyboard.
    for (const link of viewed.querySelectorAll<HTMLElement>("a, button, input, select")) link.tabIndex = -1;
  }

  /** Make the viewer with its first image; throws where the browser has no WebGL. */
  static async open(image: Blob, into: HTMLElement, look: Look, at: View): Promise<Sky> {
    const library = ((await import(aladinUrl)) as { default: Library }).default;
    await library.init;
    const viewed = document.createElement("div");
    viewed.className = "aladin";
    into.append(viewed);
    const url = URL.createObjectURL(image);
    const layer = layerOf(library, url, look);
    const viewer = library.aladin(viewed, {
      ...Object.fromEntries(OFF.map((name) => [name, false])),
      survey: layer,
      target: `${at.ra} ${at.dec}`,
      fov: at.fov,
      cooFrame: "ICRS",
      projection: "TAN",
      log: false,
      samp: false,
      showReticle: false,
      showCooGrid: false,
      lockNorthUp: true,
      inertia: false,
      backgroundColor: "rgb(20, 24, 29)",
    });
    const sky = new Sky(library, viewer, layer, viewed);
    sky.shown = url;
    into.append(sky.place);
    return sky;
  }

  show(image: Blob, look: Look): void {
    URL.revokeObjectURL(this.shown);
    this.shown = URL.createObjectURL(image);
    this.layer = layerOf(this.library, this.shown, look);
    this.viewer.setBaseImageLayer(this.layer);
  }

  dress(look: Look): void {
    this.layer.setColormap(look.colours, { stretch: look.stretch });
    this.layer.setCuts(look.low, look.high);
  }

  /** Draw this from now on over the image, as long as it is looked at. */
  set(scene: Scene): void {
    this.scene = scene;
    this.paint();
    if (!this.watching) this.watching = requestAnimationFrame(() => this.watch());
  }

  /** The screen is left: nothing is drawn until another one comes. */
  leave(): void {
    cancelAnimationFrame(this.watching);
    this.watching = 0;
    this.scene = null;
    this.moved = () => undefined;
  }

  /** Follow the view, of which the viewer does not tell every change. */
  private watch(): void {
    const { ra, dec, fov } = this.view();
    const size = [this.width, this.height].join();
    // Two places tell a view: the viewer takes a new size a moment later, with the same middle.
    const now = [ra, dec, fov, size, devicePixelRatio, this.pixel(ra, dec), this.pixel(ra, dec + (dec > 0 ? -0.1 : 0.1))].join();
    if (now !== this.drawn) {
      const first = this.drawn === "";
      const resized = size !== this.size;
      [this.drawn, this.size] = [now, size];
      this.paint();
      if (!first) this.moved(resized);
    }
    this.watching = requestAnimationFrame(() => this.watch());
  }

  private paint(): void {
    const { width, height } = this;
    if (!this.scene || !width || !height) return;
    const dots = devicePixelRatio;
    const [wide, tall] = [Math.round(width * dots), Math.round(height * dots)];
    if (this.canvas.width !== wide || this.canvas.height !== tall) Object.assign(this.canvas, { width: wide, height: tall });
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    draw(pen, this.scene, this);
  }

  /** The marker at a place of what is seen. */
  hit(x: number, y: number): Marker | null {
    return this.scene && hit(this.scene, this, x, y);
  }

  /** Draw lines of contours, in degrees. */
  contour(lines: [number, number][][]): void {
    this.lines.removeAll();
    for (const line of lines) this.lines.add(this.library.polyline(line, { color: "#ffd166" }));
    // That there are fewer lines alone makes it draw nothing anew.
    this.viewer.setCooGrid({ enabled: false });
  }

  /** Draw the edges of regions in place of those that were drawn before. */
  outline(regions: Region[]): void {
    for (const moc of this.mocs) this.viewer.removeOverlay(moc);
    this.mocs = regions.map(({ name, content }, place) => {
      const look = { name, color: REGION_COLOURS[place % REGION_COLOURS.length], lineWidth: 2, perimeter: true, fill: false, opacity: 1 };
      if (!(content instanceof Blob)) return this.library.MOCFromJSON(content, look);
      const url = URL.createObjectURL(content);
      const forget = () => URL.revokeObjectURL(url);
      return this.library.MOCFromURL(url, look, forget, forget);
    });
    for (const moc of this.mocs) this.viewer.addMOC(moc);
  }

  frame(name: Frame): void {
    this.viewer.setFrame(name);
    this.drawn = "";
  }

  goTo(ra: number, dec: number): void {
    this.viewer.gotoRaDec(ra, dec);
  }

  /** Move the view by parts of its size, to the right and upwards. */
  pan(right: number, up: number): void {
    const to = this.world(this.width * (0.5 + right), this.height * (0.5 - up));
    if (to) this.goTo(...to);
  }

  /** Whether a place lies in the part that is shown. */
  sees(ra: number, dec: number): boolean {
    const [x, y] = this.pixel(ra, dec) ?? [-1, -1];
    return x >= 0 && y >= 0 && x <= this.width && y <= this.height;
  }

  view(): View {
    const [ra, dec] = this.viewer.getRaDec();
    return { ra, dec, fov: this.viewer.getFov()[0] };
  }

  zoom(fov: number): void {
    this.viewer.setFoV(Math.max(NARROW, Math.min(WIDE, fov)));
  }

  get width(): number {
    return this.place.clientWidth;
  }

  get height(): number {
    return this.place.clientHeight;
  }

  world(x: number, y: number): [number, number] | null {
    const at = this.viewer.pix2world(x, y, "ICRS");
    return at && at.every(Number.isFinite) ? at : null;
  }

  pixel(ra: number, dec: number): [number, number] | null {
    return this.viewer.world2pix(ra, dec) ?? null;
  }

  /** What is seen, as a picture. */
  async picture(): Promise<Blob> {
    const image = new Image();
    image.src = await this.viewer.getViewDataURL({ format: "image/png" });
    await image.decode();
    const { width, height } = this.canvas;
    const whole = Object.assign(document.createElement("canvas"), { width, height });
    const pen = whole.getContext("2d");
    pen?.drawImage(image, 0, 0, width, height);
    pen?.drawImage(this.canvas, 0, 0);
    return new Promise((made, fail) =>
      whole.toBlob((blob) => (blob ? made(blob) : fail(new Error("the browser makes no picture of it"))), "image/png"),
    );
  }
}

function layerOf(library: Library, url: string, look: Look): Layer {
  return library.image(url, {
    name: "image",
    imgFormat: "fits",
    colormap: look.colours,
    stretch: look.stretch,
    minCut: look.low,
    maxCut: look.high,
  });
}

let known: Sky | null = null;

/**
 * The viewer with this image, moved into *into*; made at the first call.
 *
 * Another image of the same file (*of*) is shown in the view that is there, that of another one in *at*.
 */
export async function skyOf(of: string, image: Blob, into: HTMLElement, look: Look, at: View): Promise<Sky> {
  const there = known?.of === of && into.contains(known.place);
  if (!known) known = await Sky.open(image, into, look, at);
  else {
    into.append(known.place);
    known.show(image, look);
  }
  known.of = of;
  if (!there) {
    known.goTo(at.ra, at.dec);
    known.zoom(at.fov);
  }
  return known;
}
