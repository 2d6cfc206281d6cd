// Cuts that show what there is: all but the extremes; of a significance what is not noise.
import type { Image } from "../fits/image";

export function usualCuts(image: Image, kind: string): [number, number] {
  if (kind === "SIGNIFICANCE") return [-3, 15];
  const step = Math.max(1, Math.floor(image.pixels.length / 20_000));
  const sample: number[] = [];
  for (let index = 0; index < image.pixels.length; index += step) {
    const value = image.pixels[index] ?? Number.NaN;
    if (Number.isFinite(value)) sample.push(value);
  }
  sample.sort((a, b) => a - b);
  const at = (part: number) => sample[Math.min(sample.length - 1, Math.floor(part * sample.length))] ?? 0;
  const [low, high] = [at(0.01), at(0.997)];
  return high > low ? [low, high] : [low, low + 1];
}
