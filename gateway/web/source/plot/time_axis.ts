// The axis of time of light curves: which instants are round in UTC, MJD, IJD or seconds from T0, and how they are written.
import type uPlot from "uplot";

import { decimalSteps, roundTicks, type Ticks, toStep } from "./axes";
import { axis, lengthOf } from "./chart";
import type { Facts } from "./curve_file";

export const UNITS = ["UTC", "MJD", "IJD", "seconds"] as const;
export type Unit = (typeof UNITS)[number];

/** How the time axis is shown, of all strips alike. */
export interface TimeView {
  unit: Unit;
  log: boolean;
  /** Part that is seen [s]; null: all. */
  seen: [number, number] | null;
  /** UTC from which seconds are counted, which is marked; null: from the begin of the curve. */
  t0: string | null;
}

/** Where the header does not tell it: of the year 2017 and later. */
const TT_MINUS_UTC = 69.184;
const IJD_ZERO_MJD = 51544;
const UNIX_ZERO_MJD = 40587;
const DAY = 86400;
const CLOCK = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200];
/** Room of one label [CSS pixels]. */
const ROOM = { UTC: 105, MJD: 95, IJD: 90, seconds: 60 };

/** The part of the time that the address names. */
export function seenPart(query: URLSearchParams): [number, number] | null {
  const range = query.get("range")?.split(",").map(Number);
  return range?.length === 2 && range.every(Number.isFinite) ? (range as [number, number]) : null;
}

/** Seconds since 1970 (UTC) at the zero of a curve's times. */
function unixZero(facts: Facts): number {
  return (facts.mjdRef - UNIX_ZERO_MJD) * DAY - (facts.ttMinusUtc ?? TT_MINUS_UTC);
}

/** An instant as a time of the curve [s]; null: it is none. */
export function secondsOf(utc: string, facts: Facts): number | null {
  const unix = Date.parse(/[Zz]$|[+-]\d\d:?\d\d$/.test(utc) ? utc : `${utc}Z`) / 1000;
  return Number.isFinite(unix) ? unix - unixZero(facts) : null;
}

/** A time of the curve as UTC, with as many decimals as *step* [s] needs. */
export function utcOf(time: number, facts: Facts, step: number): string {
  const decimals = step >= 1 ? 0 : Math.min(3, Math.max(0, Math.ceil(-Math.log10(step) - 1e-3)));
  const unit = 10 ** (3 - decimals);
  const milliseconds = Math.round(((time + unixZero(facts)) * 1000) / unit) * unit;
  const text = new Date(milliseconds).toISOString().replace("T", " ");
  return text.slice(0, decimals ? 20 + decimals : 19);
}

/** A time of the curve in the unit that is shown, and as UTC. */
export function instant(time: number, unit: Unit, facts: Facts, zero: number | null, start: number): string {
  const utc = `${utcOf(time, facts, Math.min(1, facts.binSeconds / 10))} UTC`;
  const apart = time - (zero ?? start);
  const digits = Math.max(0, Math.ceil(1 - Math.log10(facts.binSeconds)));
  const seconds = `${apart < 0 ? "−" : "+"} ${Math.abs(apart).toFixed(Math.min(4, digits))} s`;
  const days = time / DAY;
  switch (unit) {
    case "MJD":
      return `MJD ${(facts.mjdRef + days).toFixed(6)} (${utc})`;
    case "IJD":
      return `IJD ${(facts.mjdRef - IJD_ZERO_MJD + days).toFixed(6)} (${utc})`;
    case "seconds":
      return `${zero === null ? "begin" : "T0"} ${seconds} (${utc})`;
    default:
      return zero === null ? utc : `${utc} (T0 ${seconds})`;
  }
}

function clockSteps(span: number): number[] {
  const below = decimalSteps(span).filter((step) => step < 1);
  const days = decimalSteps(Math.max(1, span / DAY)).filter((step) => step >= 1);
  return [...below, ...CLOCK, ...days.map((step) => step * DAY)];
}

/** Round instants between two times of a curve; *start*: its begin. */
export function timeTicks(low: number, high: number, most: number, unit: Unit, facts: Facts, zero: number): Ticks {
  switch (unit) {
    case "UTC":
      return roundTicks(low, high, most, -unixZero(facts), clockSteps(high - low));
    case "MJD":
    case "IJD": {
      const days = decimalSteps((high - low) / DAY).map((step) => step * DAY);
      return roundTicks(low, high, most, (IJD_ZERO_MJD - facts.mjdRef) * DAY, days);
    }
    default:
      return roundTicks(low, high, most, zero);
  }
}

/** What stands at the ticks. */
function labels({ places, step }: Ticks, unit: Unit, facts: Facts, zero: number, sameDay: boolean): string[] {
  return places.map((time) => {
    const days = time / DAY;
    switch (unit) {
      case "MJD":
        return toStep(facts.mjdRef + days, step / DAY);
      case "IJD":
        return toStep(facts.mjdRef - IJD_ZERO_MJD + days, step / DAY);
      case "seconds":
        return toStep(time - zero, step);
      default: {
        const text = utcOf(time, facts, step);
        if (step >= DAY) return text.slice(0, 10);
        return text.slice(sameDay ? 11 : 5, step >= 60 ? 16 : undefined);
      }
    }
  });
}

/** The axis of a curve that begins at *start* [s]; *zero*: T0, null where there is none. */
export function timeAxis(unit: Unit, facts: Facts, zero: number | null, start: number): uPlot.Axis {
  const from = zero ?? start;
  const bounds = (chart: uPlot) => [chart.scales.x?.min ?? 0, chart.scales.x?.max ?? 1] as const;
  const days = (chart: uPlot) => bounds(chart).map((one) => utcOf(one, facts, 1).slice(0, 10));
  const ticks = (chart: uPlot) => timeTicks(...bounds(chart), Math.max(2, Math.floor(lengthOf(chart, 0) / ROOM[unit])), unit, facts, from);
  const sameDay = (chart: uPlot) => days(chart)[0] === days(chart)[1];
  const title = (chart: uPlot) => {
    switch (unit) {
      case "MJD":
        return "MJD (TT) [d]";
      case "IJD":
        return "IJD (TT) [d]";
      case "seconds":
        return zero === null ? `time since ${utcOf(start, facts, facts.binSeconds)} UTC [s]` : "time − T0 [s]";
      default:
        return sameDay(chart) ? `UTC, ${days(chart)[0]}` : "UTC";
    }
  };
  return axis({
    label: title,
    splits: (chart) => ticks(chart).places,
    values: (chart) => labels(ticks(chart), unit, facts, from, sameDay(chart)),
  });
}
