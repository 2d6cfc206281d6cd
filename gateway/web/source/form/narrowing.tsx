// Fields that narrow a list; what they say stands in the address.
import { setQuery } from "../api/address";
import { spelled } from "./instants";

// The query of a list: how many entries at most, and of what stands in the address that by which it can be narrowed.
export function askedFor(query: URLSearchParams, names: string[], limit: number): URLSearchParams {
  const asked = new URLSearchParams({ limit: String(limit) });
  for (const name of names) {
    const value = query.get(name);
    if (value) asked.set(name, value);
  }
  return asked;
}

// `page` is the name of what tells where in the list one is: another list begins at its beginning.
export function narrowing(query: URLSearchParams, page: string) {
  const narrow = (values: Record<string, string | null>) => setQuery({ [page]: null, ...values });
  const select = (name: string, label: string, choices: [string, string][]) => (
    <label>
      {label}{" "}
      <select value={query.get(name) ?? ""} onChange={(event) => narrow({ [name]: event.currentTarget.value || null })}>
        <option value="">any</option>
        {choices.map(([choice, text]) => (
          <option key={choice} value={choice}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
  const entry = (name: string, label: string, placeholder: string) => (
    <label>
      {label}{" "}
      <input
        size={14}
        placeholder={placeholder}
        value={query.get(name) ?? ""}
        onChange={(event) => narrow({ [name]: spelled(event.currentTarget.value) || null })}
      />
    </label>
  );
  return { narrow, select, entry };
}
