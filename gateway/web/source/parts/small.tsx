// Small parts that many pages have: sparklines, meters, badges, tables that sort, boxes that tell of trouble.
import type { ComponentChildren } from "preact";
import type { Status } from "../api";
import { ago } from "../units";

/** A line of the last values, as a picture; the gap stays a gap. */
export function Sparkline(props: { values: readonly (number | null)[]; most?: number; label: string }) {
  const width = 100;
  const height = 24;
  const top = props.most ?? Math.max(...props.values.map((value) => value ?? 0), 1e-9);
  const step = width / Math.max(props.values.length - 1, 1);
  let path = "";
  let pen = false;
  props.values.forEach((value, index) => {
    if (value === null) {
      pen = false;
      return;
    }
    const y = height - 1 - (Math.min(value, top) / top) * (height - 2);
    path += `${pen ? "L" : "M"}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    pen = true;
  });
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={props.label}
      preserveAspectRatio="none"
    >
      <path d={path} />
    </svg>
  );
}

/** How full something is, in the colour of how bad that is. */
export function Meter(props: { value: number | null; label: string; warn?: number; bad?: number }) {
  const { value, warn = 75, bad = 90 } = props;
  const level = value === null ? "" : value >= bad ? "bad" : value >= warn ? "warn" : "good";
  return (
    <meter class={level} min={0} max={100} value={value ?? 0} aria-label={props.label} title={props.label}>
      {value ?? "–"}
    </meter>
  );
}

export function Badge(props: { kind: "good" | "warn" | "bad" | "dim"; children: ComponentChildren }) {
  return <span class={`badge ${props.kind}`}>{props.children}</span>;
}

export const STATUS_KIND: Record<Status, "good" | "warn" | "bad" | "dim"> = {
  online: "good",
  degraded: "warn",
  offline: "bad",
  stopped: "dim",
};

/** Marks data that is old. */
export function Stale(props: { time: number | null; after: number }) {
  if (props.time === null || Date.now() / 1000 - props.time < props.after) return null;
  return <Badge kind="dim">{ago(props.time)}</Badge>;
}

export function Trouble(props: { error: Error | undefined }) {
  return props.error ? (
    <p class="trouble" role="alert">
      {props.error.message}
    </p>
  ) : null;
}

export interface Column<Row> {
  key: string;
  title: string;
  cell: (row: Row) => ComponentChildren;
  /** What it is sorted by; a column without cannot be. */
  by?: (row: Row) => number | string;
  numeric?: boolean;
}

/** A table whose head sorts it; the order is told as `-cpu` for descending. */
export function Table<Row>(props: {
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  id: (row: Row) => string;
  order: string;
  onOrder: (order: string) => void;
  caption: string;
  onRow?: (row: Row) => void;
}) {
  const descending = props.order.startsWith("-");
  const name = props.order.replace(/^-/, "");
  const by = props.columns.find((column) => column.key === name)?.by;
  const rows = by ? [...props.rows].sort((a, b) => compare(by(a), by(b)) * (descending ? -1 : 1)) : props.rows;
  return (
    <div class="scroll">
      <table>
        <caption class="hidden">{props.caption}</caption>
        <thead>
          <tr>
            {props.columns.map((column) => (
              <th
                key={column.key}
                class={column.numeric ? "numeric" : ""}
                aria-sort={column.key === name ? (descending ? "descending" : "ascending") : "none"}
              >
                {column.by ? (
                  <button type="button" onClick={() => props.onOrder(order(column, name, descending))}>
                    {column.title}
                    {column.key === name ? (descending ? " ↓" : " ↑") : ""}
                  </button>
                ) : (
                  column.title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={props.id(row)} onClick={props.onRow && (() => props.onRow?.(row))}>
              {props.columns.map((column) => (
                <td key={column.key} class={column.numeric ? "numeric" : ""}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function order<Row>(column: Column<Row>, name: string, descending: boolean): string {
  if (column.key === name) return descending ? column.key : `-${column.key}`;
  return column.numeric ? `-${column.key}` : column.key;
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === "string" || typeof b === "string")
    return String(a).localeCompare(String(b), undefined, { numeric: true });
  // What is not known comes last among what descends.
  return (Number.isNaN(a) ? -Infinity : a) - (Number.isNaN(b) ? -Infinity : b);
}
