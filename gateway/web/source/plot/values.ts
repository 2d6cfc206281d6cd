// Measured values as texts: to as many digits as their errors have sense.

/** A value with its error and unit. */
export function measured(value: number | null, error: number | null, unit: string): string {
  return written(value, error, unit).replaceAll("-", "−");
}

function written(value: number | null, error: number | null, unit: string): string {
  if (value === null || !Number.isFinite(value)) return "not known";
  if (error === null || !(error > 0)) return `${Number(value.toPrecision(4))} ${unit}`.trim();
  const digits = Math.max(0, 1 - Math.floor(Math.log10(error)));
  if (digits <= 6) return `${value.toFixed(digits)} ± ${error.toFixed(digits)} ${unit}`.trim();
  const exponent = Math.floor(Math.log10(Math.max(Math.abs(value), error)));
  const kept = Math.min(8, Math.max(0, digits + exponent));
  return `(${(value / 10 ** exponent).toFixed(kept)} ± ${(error / 10 ** exponent).toFixed(kept)})e${exponent} ${unit}`.trim();
}
