// Snapshots of processes: their shapes, and how they are asked for.
import { ask } from "../../api";
import { useLoaded, type Loaded } from "../../load";

export interface Usage {
  cpu: number | null;
  rss: number | null;
  read: number | null;
  write: number | null;
  threads: number | null;
  fds: number | null;
}

export interface Process extends Usage {
  pid: number;
  start: number;
  parent: number | null;
  name: string;
  command: string;
  user: string;
  container: string;
  unit: string;
  state: string;
}

export interface Totals {
  processes: number | null;
  threads: number | null;
  cpu: number | null;
  read: number | null;
  write: number | null;
  cpus: number | null;
  load1: number | null;
  memory: number | null;
  memory_used: number | null;
}

export interface Snapshot {
  time: number | null;
  previous: number | null;
  next: number | null;
  interval?: number;
  omitted?: number;
  totals?: Totals;
  processes?: Process[];
}

const LIVE = 2;
const SETTLED = 10;

export function processesPath(id: string, what = ""): string {
  return `/api/v1/agents/${encodeURIComponent(id)}/processes${what}`;
}

/** The snapshot of a moment, or the newest one, again and again. */
export function useSnapshot(id: string, at: number | null): Loaded<Snapshot> {
  const params = at === null ? { limit: 0 } : { at: at.toFixed(3), limit: 0 };
  return useLoaded(
    `${id} ${at ?? "now"}`,
    (signal) => ask<Snapshot>(processesPath(id), { params, signal }),
    at === null ? LIVE : SETTLED,
  );
}

/** How processes are named in the address: a number is used again, with its start it is not. */
export function processId(process: { pid: number; start: number }): string {
  return `${process.pid}:${process.start}`;
}

export function io(usage: Usage): number | null {
  return usage.read === null && usage.write === null ? null : (usage.read ?? 0) + (usage.write ?? 0);
}

export function fits(process: Process, filter: string): boolean {
  const text = [process.name, process.command, process.user, process.container, process.unit, process.pid]
    .join("\n")
    .toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
