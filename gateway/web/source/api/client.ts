// Calls to the gateway: JSON in both directions, and problem documents as errors.
import { root } from "./address";
import type { FieldError, Problem } from "./types";

const API = `${root}/api/v1`;

/** What the gateway refused, or that it could not be reached. */
export class Refused extends Error {
  readonly problem: Partial<Problem>;
  /** Seconds after which the same may succeed; null: it will not. */
  readonly retryAfter: number | null;

  constructor(problem: Partial<Problem>, retryAfter: number | null) {
    super(problem.detail ?? problem.title ?? "The gateway does not answer.");
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  get status(): number {
    return this.problem.status ?? 0;
  }

  get fields(): FieldError[] {
    return this.problem.errors ?? [];
  }
}

export interface Call {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Address of something of the interface; what the gateway itself tells is whole already. */
export function apiUrl(place: string): string {
  return place.startsWith(API) ? place : API + place;
}

/** Return what the gateway answers; throws `Refused`. */
export async function call<T>(place: string, options: Call = {}): Promise<T> {
  const response = await send(place, options);
  return (response.status === 204 ? null : await response.json()) as T;
}

/** Return the text that the gateway answers; throws `Refused`. */
export async function callText(place: string, signal?: AbortSignal): Promise<string> {
  return (await send(place, { signal })).text();
}

async function send(place: string, { method = "GET", body, headers = {}, signal }: Call): Promise<Response> {
  const sent: RequestInit = { method, headers: { Accept: "application/json", ...headers }, signal: signal ?? null };
  if (body !== undefined) {
    sent.body = JSON.stringify(body);
    (sent.headers as Record<string, string>)["Content-Type"] = "application/json";
  }
  let response: Response;
  try {
    response = await fetch(apiUrl(place), sent);
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new Refused({ title: "Not connected", detail: "The gateway cannot be reached.", status: 0 }, 5);
  }
  if (response.ok) return response;
  const wait = Number(response.headers.get("Retry-After"));
  let problem: Partial<Problem>;
  try {
    problem = await response.json();
  } catch {
    problem = { detail: `The gateway answers ${response.status} ${response.statusText}.` };
  }
  throw new Refused({ ...problem, status: response.status }, wait > 0 ? wait : null);
}
