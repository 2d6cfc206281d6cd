// The one Aladin Lite of this page: all calls to it are here, so that another viewer would be one file.
//
// A browser has few WebGL contexts and gives none back soon: the instance is made once, outside of the components, and
// moved into the screen that shows it. Given its image as survey it asks no other host for anything.
import { aladinUrl } from "../api/address";
import { REGION_COLOURS, type Region } from "./regions";

interface Source {
  data: { name: string };
}
interface Layer {
  setCuts(low: number, high: number): void;
  setColormap(name: string, options: { stretch: string; reversed?: boolean }): void;
}
interface Catalogue {
  addSources(sources: Source[]): void;
  removeAll(): void;
}
interface Overlay {
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
  addCatalog(catalogue: Catalogue): void;
  addOverlay(overlay: Overlay): void;
  gotoRaDec(ra: number, dec: number): void;
  getRaDec(): [number, number];
  setFoV(degrees: number): void;
  getFov(): [number, number];
  pix2world(x: number, y: number): [number, number] | null;
  world2pix(ra: number, dec: number): [number, number] | null;
  setFrame(name: string): void;
  setCooGrid(options: { enabled: boolean }): void;
  on(name: string, heard: (what: never) => void): void;
}
interface Library {
  init: Promise<void>;
  aladin(place: HTMLElement, options: Record<string, unknown>): Viewer;
  image(url: string, options: Record<string, unknown>, done?: () => void, failed?: (error: unknown) => void): Layer;
  catalog(options: Record<string, unknown>): Catalogue;
  graphicOverlay(options: Record<string, unknown>): Overlay;
  source(ra: number, dec: number, data: { name: string }): Source;
  polyline(points: [number, number][], options: Record<string, unknown>): unknown;
  MOCFromURL(url: string, options: Record<string, unknown>, done?: () => void, failed?: (error: unknown) => void): Moc;
  MOCFromJSON(cells: Record<string, number[]>, options: Record<string, unknown>): Moc;
}

/** A marker of the catalogue. */
export interface Marker {
  name: string;
  ra: number;
  dec: number;
  kind: "known" | "new" | "unused" | "chosen";
}

export interface Look {
  low: number;
  high: number;
  colours: string;
  stretch: string;
}

const KINDS: Record<Marker["kind"], Record<string, unknown>> = {
  known: { shape: "circle", color: "#4fd0a5", sourceSize: 16 },
  new: { shape: "square", color: "#ff9a66", sourceSize: 16 },
  unused: { shape: "cross", color: "#98a4b1", sourceSize: 12 },
  chosen: { shape: "rhomb", color: "#ffffff", sourceSize: 26 },
};
const OFF = [
  ..."Layers Fullscreen Goto Coo CooLocation Zoom Simbad Share Frame Fov Projection Settings Contextmenu ColorPicker Status".split(" "),
].flatMap((name) => [`show${name}Control`, `show${name}`]);

export class Sky {
  /** A marker was clicked. */
  picked: (name: string) => void = () => undefined;
  private shown: string | null = null;
  private readonly catalogues = new Map<Marker["kind"], Catalogue>();
  private readonly lines: Overlay;
  private mocs: Moc[] = [];

  private constructor(
    private readonly library: Library,
    private readonly viewer: Viewer,
    private layer: Layer,
    readonly place: HTMLDivElement,
  ) {
    this.lines = library.graphicOverlay({ color: "#ffd166", lineWidth: 1, name: "lines" });
    viewer.addOverlay(this.lines);
    for (const [kind, drawn] of Object.entries(KINDS)) {
      const catalogue = library.catalog({ name: kind, ...drawn });
      viewer.addCatalog(catalogue);
      this.catalogues.set(kind as Marker["kind"], catalogue);
    }
    viewer.on("objectClicked", ((object: Source | null) => {
      if (object?.data?.name) this.picked(object.data.name);
    }) as (what: never) => void);
  }

  /** Make the viewer with its first image; throws where the browser has no WebGL. */
  static async open(image: Blob, into: HTMLElement, look: Look, at: { ra: number; dec: number; fov: number }): Promise<Sky> {
    const library = ((await import(aladinUrl)) as { default: Library }).default;
    await library.init;
    const place = document.createElement("div");
    place.className = "aladin";
    into.append(place);
    const url = URL.createObjectURL(image);
    const layer = layerOf(library, url, look);
    const viewer = library.aladin(place, {
      ...Object.fromEntries(OFF.map((name) => [name, false])),
      survey: layer,
      target: `${at.ra} ${at.dec}`,
      fov: at.fov,
      cooFrame: "ICRS",
      projection: "TAN",
      log: false,
      samp: false,
      showReticle: false,
      showCooGrid: true,
      lockNorthUp: true,
      backgroundColor: "rgb(20, 24, 29)",
    });
    const sky = new Sky(library, viewer, layer, place);
    sky.shown = url;
    return sky;
  }

  show(image: Blob, look: Look): void {
    if (this.shown) URL.revokeObjectURL(this.shown);
    this.shown = URL.createObjectURL(image);
    this.layer = layerOf(this.library, this.shown, look);
    this.viewer.setBaseImageLayer(this.layer);
  }

  dress(look: Look): void {
    this.layer.setColormap(look.colours, { stretch: look.stretch });
    this.layer.setCuts(look.low, look.high);
  }

  mark(markers: Marker[]): void {
    for (const [kind, catalogue] of this.catalogues) {
      catalogue.removeAll();
      const own = markers.filter((one) => one.kind === kind);
      if (own.length) catalogue.addSources(own.map((one) => this.library.source(one.ra, one.dec, { name: one.name })));
    }
  }

  /** Draw lines of contours, in degrees. */
  contour(lines: [number, number][][]): void {
    this.lines.removeAll();
    for (const line of lines) this.lines.add(this.library.polyline(line, { color: "#ffd166" }));
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

  grid(on: boolean): void {
    this.viewer.setCooGrid({ enabled: on });
  }

  frame(name: string): void {
    this.viewer.setFrame(name);
  }

  goTo(ra: number, dec: number): void {
    this.viewer.gotoRaDec(ra, dec);
  }

  /** Whether a place lies in the part that is shown. */
  sees(ra: number, dec: number): boolean {
    const [x, y] = this.viewer.world2pix(ra, dec) ?? [-1, -1];
    return x >= 0 && y >= 0 && x <= this.place.clientWidth && y <= this.place.clientHeight;
  }

  /** Where the middle is, and how wide the view [deg]. */
  view(): { ra: number; dec: number; fov: number } {
    const [ra, dec] = this.viewer.getRaDec();
    return { ra, dec, fov: this.viewer.getFov()[0] };
  }

  zoom(fov: number): void {
    this.viewer.setFoV(fov);
  }

  world(x: number, y: number): [number, number] | null {
    return this.viewer.pix2world(x, y);
  }

  pixel(ra: number, dec: number): [number, number] | null {
    return this.viewer.world2pix(ra, dec);
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

/** The viewer with this image, moved into *into*; made at the first call. */
export async function skyOf(image: Blob, into: HTMLElement, look: Look, at: { ra: number; dec: number; fov: number }): Promise<Sky> {
  if (!known) {
    known = await Sky.open(image, into, look, at);
    return known;
  }
  into.append(known.place);
  known.show(image, look);
  known.goTo(at.ra, at.dec);
  known.zoom(at.fov);
  return known;
}
