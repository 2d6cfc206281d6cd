// Colours of the maps that the viewer draws images in, for the bar that says which value has which colour.
//
// Nine colours of each, of matplotlib and ColorBrewer as the viewer has them; between them is a straight line.
const MAPS = {
  viridis: "440154 472d7b 3b528b 2c728e 21918c 28ae80 5ec962 addc30 fde725",
  grayscale: "000000 202020 404040 606060 808080 a0a0a0 c0c0c0 e0e0e0 ffffff",
  inferno: "000004 210c4a 57106e 8a226a bc3754 e45a31 f98e09 f9cb35 fcffa4",
  plasma: "0d0887 4c02a1 7e03a8 aa2395 cc4778 e66c5c f89540 fdc527 f0f921",
  cubehelix: "000000 1b1e3b 16534c 447731 a1794a d484a9 c6b4ee cbe8f0 ffffff",
  rdbu: "67001f bb2a34 e58368 fbceb7 f6f7f7 c0dceb 68abd0 2870b1 053061",
} as const;

export const COLOUR_MAPS = Object.keys(MAPS);

/** Colours from the lowest to the highest value. */
export function coloursOf(map: string): string[] {
  return (MAPS[map as keyof typeof MAPS] ?? MAPS.viridis).split(" ").map((one) => `#${one}`);
}

/** How much of the way from the lower to the upper cut a value has gone whose colour has gone *share* of the map. */
const BACK: Record<string, (share: number) => number> = {
  linear: (share) => share,
  sqrt: (share) => share ** 2,
  asinh: (share) => Math.sinh(3 * share) / 10,
  log: (share) => (1001 ** share - 1) / 1000,
};

export const STRETCHES = Object.keys(BACK);

/** The value that is drawn in the colour at *share* of the map. */
export function valueAt(share: number, look: { low: number; high: number; stretch: string }): number {
  const part = Math.min(1, (BACK[look.stretch] ?? ((same: number) => same))(share));
  return look.low + part * (look.high - look.low);
}
