// The evidence of an episode: what ran on the host when the alert began, and what had changed before.
import { ask } from "../../api";
import { useLoaded } from "../../load";
import { bytes, number, written } from "../../units";
import { useParameter } from "../../address";
import { wording } from "../../words";
import { Table, Trouble, type Column } from "../../parts/small";
import type { Episode } from "./model";
import { Loading } from "./text";
import { say } from "./words";

const here = wording({
  none: [
    "Nothing is frozen for this alert: no agent tells the processes of its host, or its table was too old.",
    "此告警没有留存现场：该主机没有代理上报进程，或进程表已过旧。",
  ],
  table: ["Busiest processes when it began", "触发时最繁忙的进程"],
  changed: ["What changed in the ten minutes before", "触发前十分钟内的变化"],
  nothingChanged: ["Nothing that is worth telling.", "没有值得关注的变化。"],
  notCompared: ["There is no table of ten minutes before to compare with.", "没有十分钟前的进程表可供对比。"],
  started: ["Started", "新启动"],
  appeared: ["Became busy", "变得繁忙"],
  gone: ["Gone", "已消失"],
  grew: ["Grew", "内存增长"],
  shrank: ["Shrank", "内存减少"],
  process: ["Process", "进程"],
  cpu: ["CPU", "CPU"],
  memory: ["Memory", "内存"],
  read: ["Read", "读"],
  write: ["Write", "写"],
  user: ["User", "用户"],
  inside: ["Container or unit", "容器或单元"],
  command: ["Command", "命令"],
  more: ["Show all {0}", "显示全部 {0} 个"],
  fewer: ["Show fewer", "收起"],
  processes: ["{0} processes", "{0} 个进程"],
  used: ["memory {0} of {1}", "内存 {0} / {1}"],
  load: ["load {0}", "负载 {0}"],
});

interface Process {
  pid: number;
  start: number;
  name: string;
  command: string;
  user: string;
  container: string;
  unit: string;
  cpu: number | null;
  rss: number | null;
  read: number | null;
  write: number | null;
  started?: boolean;
  difference?: { cpu: number | null; rss: number | null };
}

type Change = "appeared" | "gone" | "grew" | "shrank";

interface Frozen {
  agent: string;
  time: number;
  summary: string;
  totals: Record<string, number | null>;
  processes: Process[];
  changes: (Record<Change, Process[]> & { since: number }) | null;
}

const FEW = 8;

export function hostAt(agent: string, time: number): string {
  return `/agents/${encodeURIComponent(agent)}?at=${time.toFixed(3)}`;
}

export function Evidence(props: { number: number }) {
  const episode = useLoaded(`episode ${props.number}`, (signal) =>
    ask<Episode & { evidence: Frozen | null }>(`/api/v1/alerts/history/${props.number}`, { signal }),
  );
  if (episode.error) return <Trouble error={episode.error} />;
  if (!episode.data) return <Loading />;
  const frozen = episode.data.evidence;
  return frozen ? <Shown frozen={frozen} /> : <p class="dim">{here("none")}</p>;
}

function Shown({ frozen }: { frozen: Frozen }) {
  const [order, setOrder] = useParameter("processes", "-cpu");
  const [all, setAll] = useParameter("all");
  const rows = all ? frozen.processes : busiest(frozen.processes, order);
  return (
    <section class="al-evidence" aria-label={say("evidence")}>
      <p class="al-summary">{frozen.summary}</p>
      <p class="dim">
        <Totals totals={frozen.totals} /> · {written(frozen.time, "time")} ·{" "}
        <a href={hostAt(frozen.agent, frozen.time)}>{say("hostThen", frozen.agent)}</a>
      </p>
      <h3>{here("table")}</h3>
      <Table
        caption={here("table")}
        columns={COLUMNS}
        rows={rows}
        id={(row) => `${row.pid} ${row.start}`}
        order={order}
        onOrder={(wanted) => setOrder(wanted, true)}
      />
      {frozen.processes.length > FEW ? (
        <button type="button" onClick={() => setAll(all ? "" : "1", true)}>
          {all ? here("fewer") : here("more", frozen.processes.length)}
        </button>
      ) : null}
      <h3>{here("changed")}</h3>
      {frozen.changes ? <Changes changes={frozen.changes} /> : <p class="dim">{here("notCompared")}</p>}
    </section>
  );
}

/** The first of an order; the table sorts them again. */
function busiest(rows: readonly Process[], order: string): Process[] {
  const by = COLUMNS.find((column) => column.key === order.replace("-", ""))?.by ?? (() => 0);
  const sign = order.startsWith("-") ? -1 : 1;
  const compare = (a: Process, b: Process) => (by(a) < by(b) ? -sign : by(a) > by(b) ? sign : 0);
  return [...rows].sort(compare).slice(0, FEW);
}

function Totals({ totals }: { totals: Frozen["totals"] }) {
  const parts = [here("processes", totals.processes ?? "–")];
  if (typeof totals.cpu === "number") parts.push(`${here("cpu")} ${number(totals.cpu)} %`);
  if (typeof totals.memory_used === "number" && typeof totals.memory === "number")
    parts.push(here("used", bytes(totals.memory_used), bytes(totals.memory)));
  if (typeof totals.load1 === "number") parts.push(here("load", totals.load1));
  return <>{parts.join(" · ")}</>;
}

const COLUMNS: readonly Column<Process>[] = [
  {
    key: "name",
    title: here("process"),
    by: (row) => row.name,
    cell: (row) => (
      <>
        {row.name} <span class="dim">[{row.pid}]</span>
      </>
    ),
  },
  {
    key: "cpu",
    title: here("cpu"),
    numeric: true,
    by: (row) => row.cpu ?? -1,
    cell: (row) => written(row.cpu, "percent"),
  },
  {
    key: "rss",
    title: here("memory"),
    numeric: true,
    by: (row) => row.rss ?? -1,
    cell: (row) => written(row.rss, "bytes"),
  },
  {
    key: "read",
    title: here("read"),
    numeric: true,
    by: (row) => row.read ?? -1,
    cell: (row) => written(row.read, "bytes/s"),
  },
  {
    key: "write",
    title: here("write"),
    numeric: true,
    by: (row) => row.write ?? -1,
    cell: (row) => written(row.write, "bytes/s"),
  },
  { key: "user", title: here("user"), by: (row) => row.user, cell: (row) => row.user },
  { key: "inside", title: here("inside"), by: inside, cell: inside },
  {
    key: "command",
    title: here("command"),
    cell: (row) => (
      <code class="al-command" title={row.command}>
        {row.command}
      </code>
    ),
  },
];

function inside(row: Process): string {
  return row.container || row.unit;
}

function Changes({ changes }: { changes: NonNullable<Frozen["changes"]> }) {
  const kinds = [
    ["started", changes.appeared.filter((row) => row.started)],
    ["appeared", changes.appeared.filter((row) => !row.started)],
    ["gone", changes.gone],
    ["grew", changes.grew],
    ["shrank", changes.shrank],
  ] as const;
  const shown = kinds.filter(([, rows]) => rows.length);
  if (!shown.length) return <p class="dim">{here("nothingChanged")}</p>;
  return (
    <dl class="al-changes">
      {shown.map(([kind, rows]) => (
        <>
          <dt>{here(kind)}</dt>
          <dd>
            {rows.map((row) => (
              <span class="al-label" key={`${row.pid} ${row.start}`} title={row.command}>
                {row.name}
                <span class="dim">[{row.pid}]</span> {amount(row)}
              </span>
            ))}
          </dd>
        </>
      ))}
    </dl>
  );
}

function amount(row: Process): string {
  const more = row.difference?.rss;
  if (typeof more === "number") return `${more > 0 ? "+" : "−"}${bytes(Math.abs(more))}`;
  return written(row.rss, "bytes");
}
