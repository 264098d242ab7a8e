// What alerts, silences, episodes and rules look like, and what can be said of them without asking anybody.
import type { LabelSet } from "../../api";

export interface Brief {
  agent: string;
  time: number;
  summary: string;
  history: number;
}

export interface Alert {
  fingerprint: string;
  labels: LabelSet;
  annotations: LabelSet;
  startsAt: string;
  endsAt: string;
  updatedAt: string;
  generatorURL: string;
  receivers: { name: string }[];
  status: { state: string; silencedBy: string[]; inhibitedBy: string[] };
  evidence?: Brief;
}

/** An alert as the rules know it. */
export interface RuleAlert {
  labels: LabelSet;
  annotations: LabelSet;
  state: "pending" | "firing";
  activeAt: string;
  value: string;
}

export interface Matcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual: boolean;
}

export interface Silence {
  id: string;
  status: { state: "active" | "pending" | "expired" };
  matchers: Matcher[];
  startsAt: string;
  endsAt: string;
  updatedAt: string;
  createdBy: string;
  comment: string;
}

export interface Episode {
  number: number;
  labels: LabelSet;
  annotations: LabelSet;
  generator_url: string;
  state: "firing" | "resolved";
  fired: number;
  resolved: number | null;
  resolved_is_exact: boolean;
  lasted: number;
  summary: string;
}

export interface Rule {
  type: "alerting" | "recording";
  name: string;
  query: string;
  labels?: LabelSet;
  annotations?: LabelSet;
  health: "unknown" | "ok" | "err";
  lastError?: string;
  evaluationTime: number;
  lastEvaluation: string;
  state?: string;
  duration?: number;
  keepFiringFor?: number;
}

export interface RuleGroup {
  name: string;
  file: string;
  rules: Rule[];
  interval: number;
  evaluationTime: number;
  lastEvaluation: string;
}

export type Kind = "good" | "warn" | "bad" | "dim";

const SEVERITIES: Readonly<Record<string, readonly [rank: number, kind: Kind]>> = {
  page: [0, "bad"],
  critical: [0, "bad"],
  emergency: [0, "bad"],
  error: [1, "bad"],
  high: [1, "bad"],
  warning: [2, "warn"],
  warn: [2, "warn"],
  medium: [2, "warn"],
};
const OTHER_SEVERITY = [3, "dim"] as const;

function severity(labels: LabelSet): readonly [rank: number, kind: Kind] {
  return SEVERITIES[(labels.severity ?? "").toLowerCase()] ?? OTHER_SEVERITY;
}

export const severityRank = (labels: LabelSet): number => severity(labels)[0];
export const severityKind = (labels: LabelSet): Kind => severity(labels)[1];

/** Which label says what host an alert is about: the order is the gateway's. */
const HOST_LABELS = ["instance", "agent", "host", "hostname", "node", "nodename"] as const;

export function hostLabel(labels: LabelSet): string {
  return HOST_LABELS.find((name) => labels[name]) ?? "";
}

export function hostOf(labels: LabelSet): string {
  return labels[hostLabel(labels)] ?? "";
}

export const nameOf = (labels: LabelSet): string => labels.alertname ?? "";

export const labelsKey = (labels: LabelSet): string => JSON.stringify(Object.entries(labels).sort());

/** Seconds of a time as Go writes it; 0 for the year 1, which says that there is none. */
export function moment(text: string): number {
  const time = Date.parse(text) / 1000;
  return time > 0 ? time : 0;
}

export interface Group<Row> {
  key: string;
  title: string;
  /** Label values that all rows of the group have, and that therefore need not be repeated. */
  common: LabelSet;
  rows: Row[];
  rank: number;
}

/** Groups by alert name or by host; the worst first, then by title. */
export function grouped<Row extends { labels: LabelSet }>(rows: readonly Row[], by: string): Group<Row>[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const title = by === "host" ? hostOf(row.labels) : nameOf(row.labels);
    groups.set(title, [...(groups.get(title) ?? []), row]);
  }
  return [...groups]
    .map(([title, members]) => ({
      key: title || "-",
      title,
      common: common(members.map((row) => row.labels)),
      rows: members,
      rank: Math.min(...members.map((row) => severityRank(row.labels))),
    }))
    .sort((a, b) => a.rank - b.rank || a.title.localeCompare(b.title, undefined, { numeric: true }));
}

export function common(sets: readonly LabelSet[]): LabelSet {
  const [first, ...others] = sets;
  return Object.fromEntries(
    Object.entries(first ?? {}).filter(([name, value]) => others.every((each) => each[name] === value)),
  );
}

/** Whether all words stand somewhere in texts. */
export function hasWords(texts: readonly string[], search: string): boolean {
  const all = texts.join("\n").toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

export function found(row: { labels: LabelSet; annotations: LabelSet }, search: string): boolean {
  const labels = Object.entries(row.labels).map(([name, value]) => `${name}=${value}`);
  return hasWords([...labels, ...Object.values(row.annotations)], search);
}

const escaped = (text: string): string => text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");

export function matcherText(matcher: Matcher): string {
  const sign = matcher.isRegex ? (matcher.isEqual ? "=~" : "!~") : matcher.isEqual ? "=" : "!=";
  return `${matcher.name}${sign}"${escaped(matcher.value)}"`;
}

export const equals = (name: string, value: string): Matcher => ({ name, value, isRegex: false, isEqual: true });

/** Matchers that take just what has these labels. */
export function exactly(labels: LabelSet): Matcher[] {
  return Object.entries(labels)
    .sort()
    .map(([name, value]) => equals(name, value));
}

const SIGNS = { "=": [false, true], "!=": [false, false], "=~": [true, true], "!~": [true, false] } as const;
export type Sign = keyof typeof SIGNS;
export const ALL_SIGNS = Object.keys(SIGNS) as Sign[];

export function signOf(matcher: Matcher): Sign {
  return ALL_SIGNS.find((sign) => SIGNS[sign][0] === matcher.isRegex && SIGNS[sign][1] === matcher.isEqual) ?? "=";
}

export function withSign(matcher: Matcher, sign: Sign): Matcher {
  const [isRegex, isEqual] = SIGNS[sign];
  return { ...matcher, isRegex, isEqual };
}

/** Reads a matcher as `matcherText` writes it; null when it is none. */
export function readMatcher(text: string): Matcher | null {
  const parts = /^([a-zA-Z_]\w*)(=~|!~|!=|=)"(.*)"$/s.exec(text);
  if (!parts) return null;
  const value = (parts[3] ?? "").replace(/\\(.)/gs, (_, sign: string) => (sign === "n" ? "\n" : sign));
  return withSign(equals(parts[1] ?? "", value), (parts[2] ?? "=") as Sign);
}

/** Whether the gateway can be asked what a matcher takes; half a regular expression would be refused. */
export function isWhole(matcher: Matcher): boolean {
  if (!/^[a-zA-Z_]\w*$/.test(matcher.name)) return false;
  if (!matcher.isRegex) return true;
  try {
    // Flags such as (?i) are known to the gateway, not to browsers.
    new RegExp(matcher.value.replace(/^\(\?[a-zA-Z]+\)/, ""));
    return true;
  } catch {
    return false;
  }
}

/** Whether a matcher takes labels; only for those without regular expressions. */
export function takes(matchers: readonly Matcher[], labels: LabelSet): boolean {
  return matchers.every((each) => ((labels[each.name] ?? "") === each.value) === each.isEqual);
}

export interface Piece {
  text: string;
  /** Where it leads; undefined for plain text. */
  href?: string;
}

/** Cuts a text into plain pieces and addresses of the web; nothing else becomes a link. */
export function pieces(text: string): Piece[] {
  const parts: Piece[] = [];
  let last = 0;
  for (const at of text.matchAll(/https?:\/\/[^\s<>"'`]+/gi)) {
    // What ends a sentence is no part of an address.
    const address = at[0].replace(/[.,;:!?)\]}]+$/, "");
    const href = webAddress(address);
    if (!href) continue;
    if (at.index > last) parts.push({ text: text.slice(last, at.index) });
    parts.push({ text: address, href });
    last = at.index + address.length;
  }
  if (last < text.length) parts.push({ text: text.slice(last) });
  return parts;
}

/** An address of http or https; empty for all others, such as javascript: or data:. */
export function webAddress(text: string): string {
  try {
    const address = new URL(text);
    return ["http:", "https:"].includes(address.protocol) ? address.href : "";
  } catch {
    return "";
  }
}

export const isoTime = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** A time as inputs of the kind `datetime-local` have it. */
export function localTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The query in the address of a rule's graph; empty for an address of another kind. */
export function queryIn(address: string): string {
  return new URLSearchParams(webAddress(address).split("?")[1]).get("g0.expr") ?? "";
}
