// What the tabs ask the gateway for, and what they change.
import { useEffect } from "preact/hooks";
import { ask, askBare, type Agent, type WhoAmI } from "../../api";
import { useLoaded, type Loaded } from "../../load";
import {
  isoTime,
  labelsKey,
  matcherText,
  type Alert,
  type Matcher,
  type RuleAlert,
  type RuleGroup,
  type Silence,
} from "./model";

export const LIVE = 5;

export function useAlerts(turn: number): Loaded<Alert[]> {
  return useLoaded(`alerts ${turn}`, (signal) => askBare<Alert[]>("/api/v2/alerts", { signal }), LIVE);
}

/** Silences, rules and what rules know tell of all series: who is confined to some may not ask, and gets none. */
export function useSilences(turn: number, isConfined = false): Loaded<Silence[]> {
  const load = async (signal: AbortSignal) => (isConfined ? [] : askBare<Silence[]>("/api/v2/silences", { signal }));
  return useLoaded(`silences ${turn}`, load, LIVE);
}

/** What rules say of their alerts. */
export function useRuleAlerts(isConfined = false): Loaded<RuleAlert[]> {
  const load = async (signal: AbortSignal) =>
    isConfined ? [] : (await ask<{ alerts: RuleAlert[] }>("/api/v1/alerts", { signal })).alerts;
  return useLoaded("rulealerts", load, LIVE);
}

export function useRules(every: number): Loaded<RuleGroup[]> {
  const params = { exclude_alerts: "true" };
  return useLoaded(
    "rules",
    async (signal) => (await ask<{ groups: RuleGroup[] }>("/api/v1/rules", { params, signal })).groups,
    every,
  );
}

export interface Configured {
  receivers: string[];
  /** Whether some receiver has a way to be told. */
  tells: boolean;
}

export function useConfigured(): Loaded<Configured> {
  return useLoaded("configured", async (signal) => {
    const [status, receivers] = await Promise.all([
      askBare<{ config: { original: string } }>("/api/v2/status", { signal }),
      askBare<{ name: string }[]>("/api/v2/receivers", { signal }),
    ]);
    return { receivers: receivers.map((each) => each.name), tells: /_configs:/.test(status.config.original) };
  });
}

export function useHosts(): ReadonlySet<string> {
  const agents = useLoaded("agents", (signal) => ask<Agent[]>("/api/v1/agents", { signal }), 60);
  return new Set((agents.data ?? []).map((each) => each.name));
}

export interface Me {
  name: string;
  edits: boolean;
  /** Sees only some hosts. */
  isConfined: boolean;
}

export const NOBODY: Me = { name: "", edits: false, isConfined: true };

/** Who looks; undefined until it is known. */
export function useMe(): Me | undefined {
  const who = useLoaded("whoami", (signal) => ask<WhoAmI>("/api/v1/whoami", { signal }));
  const { data } = who;
  if (!data) return who.error ? NOBODY : undefined;
  return { name: data.name, edits: data.rights.includes("edit"), isConfined: data.matchers.length > 0 };
}

/** Values of rules' alerts by their labels. */
export function valuesOf(alerts: readonly RuleAlert[] | undefined): ReadonlyMap<string, number> {
  return new Map((alerts ?? []).map((each) => [labelsKey(each.labels), Number(each.value)]));
}

export interface Wanted {
  id?: string;
  matchers: readonly Matcher[];
  starts: number;
  ends: number;
  createdBy: string;
  comment: string;
}

/** Makes or changes a silence; returns its id. */
export async function putSilence(wanted: Wanted): Promise<string> {
  const { starts, ends, ...same } = wanted;
  const body = { ...same, startsAt: isoTime(starts), endsAt: isoTime(ends) };
  const answer = await askBare<{ silenceID: string }>("/api/v2/silences", { method: "POST", body });
  return answer.silenceID;
}

export async function expireSilence(id: string): Promise<void> {
  await askBare<null>(`/api/v2/silence/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** Alerts that matchers take, said by the gateway: its regular expressions are not those of browsers. */
export async function taken(matchers: readonly Matcher[], signal: AbortSignal): Promise<Alert[]> {
  return askBare<Alert[]>("/api/v2/alerts", { params: { filter: matchers.map(matcherText) }, signal });
}

/** Shows how many alerts fire in the title of the window. */
export function useTitle(text: string): void {
  useEffect(() => {
    document.title = text;
  }, [text]);
  useEffect(
    () => () => {
      document.title = "Fleetgauge";
    },
    [],
  );
}
