// How light curves are shown: bins put together, and the unit of their time.
import { setQuery } from "../api/address";
import { FACTORS } from "./strip";
import { type Unit, UNITS } from "./time_axis";

export function BinsChoice({ factor }: { factor: number }) {
  return (
    <label>
      Bins{" "}
      <select value={factor} onChange={(event) => setQuery({ bins: event.currentTarget.value })}>
        {FACTORS.map((one) => (
          <option key={one} value={one}>
            {one === 1 ? "as they are" : `${one} together`}
          </option>
        ))}
      </select>
    </label>
  );
}

/** *since*: from when seconds are counted, in words. */
export function UnitChoice({ unit, since }: { unit: Unit; since: string }) {
  return (
    <label>
      Time{" "}
      <select value={unit} onChange={(event) => setQuery({ unit: event.currentTarget.value })}>
        {UNITS.map((one) => (
          <option key={one} value={one}>
            {one === "seconds" ? `seconds from ${since}` : one}
          </option>
        ))}
      </select>
    </label>
  );
}
