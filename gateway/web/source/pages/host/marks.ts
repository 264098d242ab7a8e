// What happened to a host in a range: alerts, restarts of the agent, starts of the host. Marks on all charts.
import { useMemo } from "preact/hooks";
import { ask, range, type LabelSet } from "../../api";
import { useLoaded } from "../../load";
import type { Mark } from "../../parts/chart";
import type { Span } from "../../time";
import { stepOf } from "../../time";
import type { Moment } from "./moment";
import { say } from "./words";

interface Episode {
  labels: LabelSet;
  fired: number;
  resolved: number | null;
  summary: string;
  annotations: LabelSet;
}

interface AgentEvent {
  time: number;
  kind: string;
  detail: string;
}

const ALERTS = 200;
const SAME_BOOT = 60;
/** What the registry's bookkeeping tells is no news for whoever looks at charts. */
const QUIET = /^(edited|late|changed: metrics_url)/;

async function alerts(name: string, start: number, end: number, signal: AbortSignal): Promise<Mark[]> {
  const params = { "match[]": `{instance=${JSON.stringify(name)}}`, start, end, limit: ALERTS };
  const found = await ask<{ episodes: Episode[] }>("/api/v1/alerts/history", { params, signal });
  return found.episodes.map((each) => ({
    kind: "alert",
    at: each.fired,
    until: each.resolved ?? end,
    text: [each.labels.alertname, each.annotations.summary].filter(Boolean).join(": "),
  }));
}

async function events(id: string, start: number, end: number, signal: AbortSignal): Promise<Mark[]> {
  const found = await ask<AgentEvent[]>(`/api/v1/agents/${encodeURIComponent(id)}/events`, {
    params: { limit: 200 },
    signal,
  });
  return found
    .filter((each) => each.time >= start && each.time <= end)
    .map((each): Mark => ({ kind: "event", at: each.time, text: [each.kind, each.detail].filter(Boolean).join(": ") }))
    .filter((each) => !QUIET.test(each.text));
}

async function boots(name: string, span: Span, signal: AbortSignal): Promise<Mark[]> {
  const metric = `max(node_boot_time_seconds{instance=${JSON.stringify(name)}})`;
  const found = await range(metric, span.from, span.to, stepOf(span), signal);
  const times: number[] = [];
  for (const [, value] of found[0]?.values ?? []) {
    const time = Number(value);
    if (time >= span.from && time <= span.to && times.every((known) => Math.abs(known - time) > SAME_BOOT))
      times.push(time);
  }
  return times.map((at) => ({ kind: "event", at, text: say("boot") }));
}

/** The marks of a range, the newest first. What can't be asked, as for want of rights, is not there. */
export function useHappened(id: string, name: string, span: Span): readonly Mark[] {
  const key = `${id} ${span.relative || `${span.from} ${span.to}`}`;
  const loaded = useLoaded(
    key,
    async (signal) => {
      const asked = [
        alerts(name, span.from, span.to, signal),
        events(id, span.from, span.to, signal),
        boots(name, span, signal),
      ];
      const all = await Promise.allSettled(asked);
      return all.flatMap((each) => (each.status === "fulfilled" ? each.value : [])).sort((a, b) => b.at - a.at);
    },
    span.relative ? 15 : 0,
  );
  return loaded.data ?? NONE;
}

const NONE: readonly Mark[] = [];

/** The marks, and the moments that are looked at. */
export function useMarks(happened: readonly Mark[], chosen: Moment): readonly Mark[] {
  const at = chosen.at;
  const from = chosen.against.startsWith("-") && at === null ? null : chosen.from;
  return useMemo(
    () => [
      ...happened,
      ...(at === null ? [] : [{ kind: "moment" as const, at, text: "" }]),
      ...(from === null ? [] : [{ kind: "moment" as const, at: from, text: "" }]),
    ],
    [happened, at, from],
  );
}
