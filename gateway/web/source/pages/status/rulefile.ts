// Rule files as the pages see them: what the API tells of them, where problems stand, how a new one begins.

export interface Query {
  type: "alerting" | "recording";
  name: string;
  query: string;
  line: number;
}

export interface Checked {
  groups: { name: string; rules: number; queries: Query[] }[];
}

export interface Version {
  name: string;
  version: number;
  enabled: boolean;
  deleted?: boolean;
  changedAt: string;
  changedBy: string;
  text: string;
}

export interface Managed extends Version {
  versions: Version[];
}

export interface Problem {
  /** From 1 on; 0 where none is told. */
  line: number;
  text: string;
}

/** The gateway's sentences, a line each: `rules, line 5: expr: …`. */
export function problemsOf(said: string): Problem[] {
  return said
    .split("\n")
    .filter(Boolean)
    .map((each) => {
      const found = /^[^:]*?\bline (\d+): (.*)$/.exec(each);
      return found ? { line: Number(found[1]), text: found[2] ?? "" } : { line: 0, text: each };
    });
}

/** A new group with one alert, of a query that someone found elsewhere. */
export function beginning(expr: string): string {
  const query = (expr.trim() || "up == 0").split("\n").map((line) => `          ${line}`);
  return [
    "groups:",
    "  - name: my-rules",
    "    rules:",
    "      - alert: MyAlert",
    "        expr: |-",
    ...query,
    "        for: 5m",
    "        labels:",
    "          severity: warning",
    "        annotations:",
    '          summary: "{{ $labels.instance }}: {{ $value }}"',
    "",
  ].join("\n");
}

/** `host` of the pack that is in this file; null for a file of one's own. */
export function packOf(file: string): string | null {
  return /alertrules[\\/]packs[\\/]([^\\/]+)\.ya?ml$/.exec(file)?.[1] ?? null;
}
