// The gateway's public API: one function to ask, errors with the gateway's own sentence, and the shapes of answers.

/** What the gateway refused, in its own words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    sentence: string,
  ) {
    super(sentence);
  }
}

export type Params = Record<string, string | number | boolean | undefined | readonly string[]>;

interface Asked {
  method?: string;
  params?: Params | undefined;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

const GUARD = { "X-Fleetgauge": "1" };

function query(params: Params = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === "") continue;
    for (const each of Array.isArray(value) ? value : [String(value)]) search.append(name, each);
  }
  const text = search.toString();
  return text ? `?${text}` : "";
}

async function answer(path: string, asked: Asked): Promise<unknown> {
  const init: RequestInit = { method: asked.method ?? "GET", headers: { ...GUARD }, signal: asked.signal ?? null };
  if (asked.body !== undefined) {
    init.headers = { ...GUARD, "Content-Type": "application/json" };
    init.body = JSON.stringify(asked.body);
  }
  let response: Response;
  try {
    response = await fetch(path + query(asked.params), init);
  } catch (error) {
    if (asked.signal?.aborted) throw error;
    throw new Refused(0, "The gateway does not answer.");
  }
  if (response.status === 401 && location.pathname !== "/login") {
    location.assign(`/login?to=${encodeURIComponent(location.pathname + location.search)}`);
  }
  const text = await response.text();
  const data: unknown = text ? JSON.parse(text) : null;
  if (!response.ok) {
    const said = data as { error?: string } | string | null;
    throw new Refused(response.status, (typeof said === "string" ? said : said?.error) ?? response.statusText);
  }
  return data;
}

/** Asks a route that answers in Prometheus' envelope. */
export async function ask<T>(path: string, asked: Asked = {}): Promise<T> {
  const data = (await answer(path, asked)) as { data: T } | null;
  return data?.data as T;
}

/** Asks a route of Alertmanager's API, which has no envelope. */
export async function askBare<T>(path: string, asked: Asked = {}): Promise<T> {
  return (await answer(path, asked)) as T;
}

export type Status = "online" | "degraded" | "offline" | "stopped";
export type LabelSet = Record<string, string>;
export type Sample = [number, string];

export interface Agent {
  id: string;
  name: string;
  status: Status;
  labels: LabelSet;
  groups: string[];
  last_heartbeat: number | null;
}

export interface Series {
  metric: LabelSet;
  values: Sample[];
}

export interface WhoAmI {
  name: string;
  rights: string[];
  matchers: string[];
  open: boolean;
}

/** A range query's series; times in seconds. */
export async function range(
  expr: string,
  start: number,
  end: number,
  step: number,
  signal?: AbortSignal,
): Promise<Series[]> {
  const params = { query: expr, start, end, step };
  const data = await ask<{ result: Series[] }>("/api/v1/query_range", { params, signal });
  return data.result;
}
