// What the gateway tells of hosts beside each other, and how it is chosen in the address.
import { ask, type Agent } from "../../api";
import { stepOf, type Span } from "../../time";

export const MOST_HOSTS = 50;
/** Hosts that are shown before any are chosen. */
export const FIRST_HOSTS = 8;
/** The hosts of a link in which none is chosen. */
export const NONE = ",";

export interface Statistics {
  count: number;
  average: number | null;
  min: number | null;
  max: number | null;
  p95: number | null;
  last: number | null;
}

export interface Compared {
  id: string;
  name: string;
  statistics: Statistics;
  values: (number | null)[];
  before?: { statistics: Statistics; values: (number | null)[] };
  change?: { average: number | null; percent: number | null };
}

export interface Comparison {
  metric: string | null;
  unit: string;
  expression: string;
  step: number;
  offset?: number | null;
  times: number[];
  unknown: string[];
  agents: Compared[];
}

/** How a host stands in the address: by its name, unless that is not its alone. */
export function referenceOf(agent: Agent, agents: readonly Agent[]): string {
  const alone = !agent.name.includes(",") && agents.filter((each) => each.name === agent.name).length === 1;
  return alone ? agent.name : agent.id;
}

export function chosenOf(text: string, agents: readonly Agent[]): string[] {
  if (text) return [...new Set(text.split(",").filter(Boolean))].slice(0, MOST_HOSTS);
  return agents
    .map((agent) => referenceOf(agent, agents))
    .sort((a, b) => a.localeCompare(b, undefined, { numeric: true }))
    .slice(0, FIRST_HOSTS);
}

/** A span whose ends are multiples of the step: lines do not tremble as time goes on. */
export function aligned(span: Span, step: number): { start: number; end: number } {
  return { start: Math.ceil(span.from / step) * step, end: Math.floor(span.to / step) * step };
}

export interface Asked {
  hosts: readonly string[];
  metric: string;
  expr: string;
  offset: string;
  span: Span;
}

export async function compare(asked: Asked, signal: AbortSignal): Promise<Comparison> {
  const step = stepOf(asked.span);
  const { start, end } = aligned(asked.span, step);
  const params = {
    agents: asked.hosts.join(","),
    ...(asked.expr ? { expr: asked.expr } : { metric: asked.metric }),
    ...(asked.offset ? { offset: asked.offset } : {}),
    start,
    end,
    step,
  };
  return ask<Comparison>("/api/v1/agents/compare", { params, signal });
}

/** When the largest value was: its time, or null when there is none. */
export function peakTime(times: readonly number[], values: readonly (number | null)[]): number | null {
  let best = -1;
  values.forEach((value, place) => {
    if (value !== null && (best < 0 || value > (values[best] ?? -Infinity))) best = place;
  });
  return best < 0 ? null : (times[best] ?? null);
}

/** The page of a host at a time: with the same span, unless a moment is meant. */
export function hostLink(name: string, span: Span, moment?: number | null): string {
  const search = new URLSearchParams();
  if (moment) {
    const half = Math.min((span.to - span.from) / 2, 1800);
    search.set("from", (moment - half).toFixed(3));
    search.set("to", (moment + half).toFixed(3));
    search.set("at", moment.toFixed(3));
  } else if (span.relative) {
    search.set("range", span.relative);
  } else {
    search.set("from", String(span.from));
    search.set("to", String(span.to));
  }
  return `/agents/${encodeURIComponent(name)}?${search.toString()}`;
}
