// The moment that one looks at, and the one that it is compared with: both stand in the address.
import { useEffect, useRef } from "preact/hooks";
import { setParameters, useAddress } from "../../address";
import { seconds, type Span } from "../../time";

export interface Moment {
  /** Seconds since 1970; null for now, live. */
  at: number | null;
  /** What stands in the address: a time, or as `-5m` how long before the moment. */
  against: string;
  /** The other moment, in seconds. */
  from: number | null;
}

/** Without a moment in the address it is the end of the range; while that is now, the table is live. */
export function momentOf(parameters: URLSearchParams, span: Span, now: number): Moment {
  const chosen = Number(parameters.get("at"));
  const at = chosen > 0 ? chosen : span.relative ? null : span.to;
  const against = parameters.get("against") ?? "";
  const before = against.startsWith("-") ? seconds(against.slice(1)) : null;
  const fixed = Number(against);
  return { at, against, from: before !== null ? (at ?? now) - before : fixed > 0 ? fixed : null };
}

export function useMoment(span: Span): Moment {
  return momentOf(useAddress().searchParams, span, Date.now() / 1000);
}

const AROUND = 1800;

/** Who comes with a moment sees the time around it; a range that is chosen later, without it, lets go of it. */
export function useMomentInRange(span: Span): void {
  const key = span.relative || `${span.from} ${span.to}`;
  const before = useRef("");
  useEffect(() => {
    const first = !before.current;
    before.current = key;
    const at = Number(new URLSearchParams(location.search).get("at"));
    if (!(at > 0) || (at >= span.from && at <= span.to)) return;
    const to = Math.min(at + AROUND, Date.now() / 1000);
    if (first) setParameters({ from: (to - 2 * AROUND).toFixed(0), to: to.toFixed(0), range: "" }, true);
    else choose(null, true);
  }, [key]);
}

/** Chooses a moment; `null` is now. */
export function choose(at: number | null, replace = false): void {
  setParameters({ at: at === null ? "" : at.toFixed(3) }, replace);
}

/** Back to what is now: also out of a range that is over. */
export function chooseNow(): void {
  setParameters({ at: "", from: "", to: "" });
}

export function chooseAgainst(against: string): void {
  setParameters({ against });
}

/** The time of day; with the day, where that is not today. */
export function clock(time: number): string {
  const date = new Date(time * 1000);
  const day = date.toDateString() === new Date().toDateString() ? "" : `${date.toLocaleDateString()} `;
  return day + date.toLocaleTimeString();
}
