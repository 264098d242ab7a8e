// What the overview knows: hosts as the gateway tells them, kept as the same objects while nothing about them is new.
import type { LabelSet, Status } from "../../api";

export type Figure =
  | "cpu"
  | "memory"
  | "disk"
  | "swap"
  | "load"
  | "network_rx"
  | "network_tx"
  | "pressure_cpu"
  | "pressure_io"
  | "pressure_memory";

export interface Alerts {
  firing: Record<string, number>;
  pending: number;
}

export interface Host {
  id: string;
  name: string;
  status: Status;
  status_since: number;
  reasons: string[];
  last_heartbeat: number;
  labels: LabelSet;
  groups: string[];
  os: string;
  kernel: string;
  arch: string;
  cpu_cores: number;
  memory_bytes: number;
  boot_time: number;
  version: string;
  values: Record<Figure, number | null>;
  alerts: Alerts;
  series?: Record<"cpu" | "memory", (number | null)[]> | undefined;
}

export interface Told {
  time: number;
  agents: Host[];
  series: { start: number; end: number; step: number } | null;
  totals: Record<Status | "agents", number> & { alerts: Alerts };
  problems: string[];
}

export interface Overview {
  time: number;
  hosts: Host[];
  totals: Told["totals"];
  problems: string[];
}

interface Kept {
  key: string;
  host: Host;
}

/** So many new courses are taken over at once: drawing all of a large fleet would stop the page for a moment. */
const COURSES_AT_ONCE = 100;

/** Joins one answer after the other: courses come seldom, last values often. */
export class Memory {
  private kept = new Map<string, Kept>();
  private waiting = new Map<string, Host["series"]>();
  private due = 0;

  /** Whether courses are to be asked for: there is a new step. */
  wantsCourses(now: number): boolean {
    return now >= this.due;
  }

  take(told: Told, now: number): Overview {
    const next = new Map<string, Kept>();
    for (const host of told.agents) {
      const before = this.kept.get(host.id);
      if (host.series && before?.host.series) this.waiting.set(host.id, host.series);
      next.set(host.id, joined(host, before));
    }
    let room = COURSES_AT_ONCE;
    for (const [id, series] of this.waiting) {
      if (!room--) break;
      const one = next.get(id);
      if (one) next.set(id, { ...one, host: { ...one.host, series } });
      this.waiting.delete(id);
    }
    this.kept = next;
    if (told.series) this.due = now + Math.max(told.series.end + told.series.step - told.time, 1) + 1;
    const hosts = [...next.values()].map((each) => each.host);
    return { time: told.time, hosts, totals: told.totals, problems: told.problems };
  }
}

/** The host as it was, as the same object, if nothing about it is new; with the courses that it had. */
function joined(host: Host, before: Kept | undefined): Kept {
  const { series, last_heartbeat, ...rest } = host;
  // A host that is well is heard of every few seconds: no news.
  const key = JSON.stringify(host.status === "online" ? rest : [rest, last_heartbeat]);
  if (before?.key === key && before.host.series) return before;
  host.series = before?.host.series ?? series;
  return { key, host };
}

export function firing(alerts: Alerts): number {
  return Object.values(alerts.firing).reduce((sum, count) => sum + count, 0);
}

/** The worst first. */
const STATUSES: readonly Status[] = ["offline", "degraded", "online", "stopped"];

const ORDERS: Record<string, (host: Host) => number | string> = {
  name: (host) => host.name,
  status: (host) => STATUSES.indexOf(host.status),
  cpu: (host) => host.values.cpu ?? -1,
  memory: (host) => host.values.memory ?? -1,
  disk: (host) => host.values.disk ?? -1,
  network: (host) => (host.values.network_rx ?? -1) + (host.values.network_tx ?? 0),
  load: (host) => host.values.load ?? -1,
  uptime: (host) => (host.boot_time ? -host.boot_time : -Infinity),
  alerts: (host) => (host.alerts.firing.critical ?? 0) * 1e6 + firing(host.alerts) * 1e3 + host.alerts.pending,
};

export const SORTS = Object.keys(ORDERS);

const words = new Intl.Collator(undefined, { numeric: true });

export function sorted(hosts: readonly Host[], order: string): Host[] {
  const by = ORDERS[order.replace(/^-/, "")] ?? ORDERS.name!;
  const sign = order.startsWith("-") ? -1 : 1;
  const keyed = hosts.map((host) => ({ host, key: by(host) }));
  keyed.sort((a, b) => {
    const found = typeof a.key === "number" ? a.key - Number(b.key) : words.compare(a.key, String(b.key));
    return (found || 0) * sign || words.compare(a.host.name, b.host.name);
  });
  return keyed.map((each) => each.host);
}

export interface Wish {
  q: string;
  /** `NAME` of a group, or `LABEL=VALUE`. */
  group: string;
  status: string;
}

export function fits(host: Host, wish: Wish): boolean {
  if (wish.status && host.status !== wish.status) return false;
  if (wish.group && !tags(host).includes(wish.group)) return false;
  if (!wish.q) return true;
  const text = [host.name, host.os, host.arch, host.status, ...tags(host)].join("\n").toLowerCase();
  return wish.q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** A host's groups, and its labels as `name=value`. */
export function tags(host: Host): string[] {
  return [...host.groups, ...Object.entries(host.labels).map(([name, value]) => `${name}=${value}`)];
}

export interface Part {
  title: string;
  hosts: Host[];
}

/** Hosts in parts: by group, by status, or by a label's values. A host of two groups is in both. */
export function parts(hosts: readonly Host[], by: string, without: string): Part[] {
  if (!by) return [{ title: "", hosts: [...hosts] }];
  const found = new Map<string, Host[]>();
  for (const host of hosts) {
    const titles =
      by === "status" ? [host.status] : by === "group" ? host.groups : [host.labels[by.replace(/^label:/, "")] ?? ""];
    for (const title of titles.length ? titles : [""]) {
      const part = found.get(title);
      if (part) part.push(host);
      else found.set(title, [host]);
    }
  }
  return [...found]
    .sort(([a], [b]) => (a === "" ? 1 : b === "" ? -1 : words.compare(a, b)))
    .map(([title, members]) => ({ title: title || without, hosts: members }));
}
