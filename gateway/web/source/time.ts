// Time ranges as they stand in the address: relative (`1h`, to now) or absolute (`from` and `to` in seconds).
import { useEffect, useState } from "preact/hooks";
import { setParameters, useAddress } from "./address";

export interface Span {
  from: number;
  to: number;
  /** The relative range it comes from; empty for an absolute one. */
  relative: string;
}

export const RANGES = ["5m", "15m", "1h", "3h", "6h", "12h", "1d", "2d", "7d", "30d"] as const;
export const STANDARD_RANGE = "1h";
const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };

/** Seconds of `15m`; null for what is no duration. */
export function seconds(text: string): number | null {
  const found = /^(\d+)([smhdw])$/.exec(text);
  return found ? Number(found[1]) * (UNITS[found[2] ?? ""] ?? 0) : null;
}

export function spanOf(parameters: URLSearchParams, now: number, standard: string = STANDARD_RANGE): Span {
  const from = Number(parameters.get("from"));
  const to = Number(parameters.get("to"));
  if (from > 0 && to > from) return { from, to, relative: "" };
  const relative = parameters.get("range") ?? standard;
  return { from: now - (seconds(relative) ?? 3600), to: now, relative };
}

/** The span of the address, which moves with the clock while it is relative and the page is looked at. */
export function useSpan(everySeconds = 15, standard: string = STANDARD_RANGE): Span {
  const parameters = useAddress().searchParams;
  const [now, setNow] = useState(() => Date.now() / 1000);
  const relative = spanOf(parameters, now, standard).relative;
  useEffect(() => {
    if (!relative) return;
    setNow(Date.now() / 1000);
    const timer = setInterval(() => document.hidden || setNow(Date.now() / 1000), everySeconds * 1000);
    return () => clearInterval(timer);
  }, [relative, everySeconds]);
  return spanOf(parameters, now, standard);
}

/** Chooses an absolute span: a step in the history, so that Back leads out again. */
export function zoom(from: number, to: number): void {
  setParameters({ from: from.toFixed(3), to: to.toFixed(3), range: "" });
}

/** Chooses a range that moves with the clock. */
export function chooseRange(range: string, standard: string = STANDARD_RANGE): void {
  setParameters({ from: "", to: "", range: range === standard ? "" : range });
}

/** A step that gives about one value a pixel of a chart: never less than the agents' own interval. */
export function stepOf(span: Span, points = 400, least = 15): number {
  return Math.max(least, Math.ceil((span.to - span.from) / points / least) * least);
}
