// The queries that were run in this browser, the newest first.

export interface Past {
  query: string;
  /** Unix seconds. */
  time: number;
  seconds: number;
}

const KEPT = "fleetgauge:queries";
const MOST = 100;

export function past(): Past[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(kept) ? (kept as Past[]).filter((each) => typeof each?.query === "string") : [];
  } catch {
    return [];
  }
}

export function remember(query: string, seconds: number): void {
  const rest = past().filter((each) => each.query !== query);
  const kept = [{ query, time: Date.now() / 1000, seconds }, ...rest].slice(0, MOST);
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // A browser may keep nothing; the page works without.
  }
}

export function forget(): void {
  localStorage.removeItem(KEPT);
}
