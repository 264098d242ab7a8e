// Queries and what they come to: asking, naming series, places in sentences, tables for other programs.
import { askBare, type LabelSet, type Sample } from "../../api";
import type { Span } from "../../time";

/** A native histogram: each bucket says by a number which bounds belong to it. */
export interface Histogram {
  count: string;
  sum: string;
  buckets?: [number, string, string, string][];
}

export interface Item {
  metric: LabelSet;
  value?: Sample;
  values?: Sample[];
  histogram?: [number, Histogram];
  histograms?: [number, Histogram][];
}

export interface Answer {
  kind: "vector" | "matrix" | "scalar" | "string";
  items: Item[];
  /** Warnings and infos, without that of the limit. */
  notes: string[];
  /** There are more series than were asked for. */
  more: boolean;
  seconds: number;
}

interface Envelope {
  data: { resultType: Answer["kind"]; result: Item[] | Sample };
  warnings?: string[];
  infos?: string[];
}

const TRUNCATED = "results truncated due to limit";

async function answered(path: string, params: Record<string, string | number>, signal: AbortSignal): Promise<Answer> {
  const begun = performance.now();
  const { data, warnings = [], infos = [] } = await askBare<Envelope>(path, { params, signal });
  const alone = data.resultType === "scalar" || data.resultType === "string";
  return {
    kind: data.resultType,
    items: alone ? [{ metric: {}, value: data.result as Sample }] : (data.result as Item[]),
    notes: [...warnings, ...infos].filter((note) => !note.includes(TRUNCATED)),
    more: warnings.some((note) => note.includes(TRUNCATED)),
    seconds: (performance.now() - begun) / 1000,
  };
}

export function instant(query: string, time: number, limit: number, signal: AbortSignal): Promise<Answer> {
  return answered("/api/v1/query", { query, time, limit }, signal);
}

export function overTime(query: string, span: Span, step: number, limit: number, signal: AbortSignal): Promise<Answer> {
  const start = Math.ceil(span.from / step) * step;
  return answered("/api/v1/query_range", { query, start, end: span.to, step, limit }, signal);
}

/** `up{job="node"}`; an empty text for a series without labels. */
export function seriesName(metric: LabelSet): string {
  const { __name__: name = "", ...labels } = metric;
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return pairs.length ? `${name}{${pairs.join(", ")}}` : name;
}

const BOUNDS = [
  ["(", "]"],
  ["[", ")"],
  ["(", ")"],
  ["[", "]"],
] as const;

/** A histogram in words: `count 5, sum 12; (1, 2]: 3; …` */
export function histogramText(histogram: Histogram): string {
  const buckets = (histogram.buckets ?? []).map(([rule, from, to, count]) => {
    const [open, close] = BOUNDS[rule] ?? BOUNDS[0];
    return `${open}${from}, ${to}${close}: ${count}`;
  });
  return [`count ${histogram.count}, sum ${histogram.sum}`, ...buckets].join("; ");
}

/** Where a sentence of the gateway says that something is: `1:14` as line and column. */
export function placeIn(sentence: string): { line: number; column: number } | null {
  const found = /(?:^|[\s(])(\d+):(\d+)(?=[:)\s]|$)/.exec(sentence);
  return found ? { line: Number(found[1]), column: Number(found[2]) } : null;
}

function cell(text: string): string {
  // A spreadsheet would take such a text for a formula.
  const safe = /^[=@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** All samples, one in a line, with a column for each label. */
export function csv(answers: readonly { query: string; items: readonly Item[] }[]): string {
  const labels = [...new Set(answers.flatMap(({ items }) => items.flatMap((item) => Object.keys(item.metric))))].sort();
  const lines = [["query", ...labels, "time", "value"].map(cell).join(",")];
  for (const { query, items } of answers) {
    for (const item of items) {
      const begin = [query, ...labels.map((label) => item.metric[label] ?? "")];
      for (const [time, value] of samplesOf(item)) {
        lines.push([...begin, new Date(time * 1000).toISOString(), value].map(cell).join(","));
      }
    }
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** All that a series holds, as texts. */
export function samplesOf(item: Item): Sample[] {
  const histograms = [...(item.histograms ?? []), ...(item.histogram ? [item.histogram] : [])];
  return [
    ...(item.values ?? []),
    ...(item.value ? [item.value] : []),
    ...histograms.map(([time, histogram]): Sample => [time, histogramText(histogram)]),
  ];
}
