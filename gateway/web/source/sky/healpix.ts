// Middles of HEALPix cells in the nested scheme (Gorski et al. 2005, section 5).
const RAD = Math.PI / 180;
/** Ring of the southern corner of each base cell in units of Nside, and its place along the ring in units of 45 deg. */
const RINGS = [2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4];
const PLACES = [1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7];

/** Direction [deg] of the middle of a cell. */
export function cellCentre(order: number, index: number): [number, number] {
  const side = 2 ** order;
  const face = Math.min(11, Math.floor(index / (side * side)));
  let rest = index - face * side * side;
  let [x, y] = [0, 0];
  // Every second bit is x, the others y; beyond 32 bits there are no operators for them.
  for (let bit = 1; bit < side; bit *= 2) {
    const two = rest % 4;
    rest = Math.floor(rest / 4);
    if (two & 1) x += bit;
    if (two & 2) y += bit;
  }
  const ring = (RINGS[face] as number) * side - x - y - 1;
  const north = ring < side;
  const south = ring > 3 * side;
  const along = north ? ring : south ? 4 * side - ring : side;
  const z = north ? 1 - along ** 2 / (3 * side ** 2) : south ? along ** 2 / (3 * side ** 2) - 1 : (2 * (2 * side - ring)) / (3 * side);
  const shift = north || south ? 0 : (ring - side) % 2;
  let place = ((PLACES[face] as number) * along + x - y + 1 + shift) / 2;
  if (place < 1) place += 4 * along;
  const phi = ((place - (1 + shift) / 2) * 90) / along;
  return [((phi % 360) + 360) % 360, Math.asin(Math.max(-1, Math.min(1, z))) / RAD];
}
