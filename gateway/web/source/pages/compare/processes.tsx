// Groups of processes across the hosts: which of them uses how much on which host.
import { ask, type LabelSet } from "../../api";
import { useParameter } from "../../address";
import { useLoaded } from "../../load";
import { Trouble } from "../../parts/small";
import type { Span } from "../../time";
import { duration, written, type Unit } from "../../units";
import { wording } from "../../words";
import { hostLink } from "./data";

const say = wording({
  title: ["Processes across hosts", "各主机的进程"],
  by: ["By", "排序依据"],
  cpu: ["CPU", "CPU"],
  memory: ["Memory", "内存"],
  io: ["Disk I/O", "磁盘读写"],
  count: ["Number", "数量"],
  over: [
    "The {0} groups that use most on all these hosts together: average of {1} up to {2}",
    "这些主机上用量最大的 {0} 组：截至 {2} 的 {1} 平均值",
  ],
  group: ["Group", "进程组"],
  together: ["Together", "合计"],
  none: [
    "No processes are known of these hosts at that time. The agent, and process-exporter, send them.",
    "这段时间没有这些主机的进程数据。进程数据由 agent 或 process-exporter 发送。",
  ],
  loading: ["Loading …", "加载中…"],
});

const GROUPS_SHOWN = 20;
const LONGEST_WINDOW = 3600;
const SHORTEST_WINDOW = 60;

interface Usage {
  unit: Unit;
  of: (matchers: string, window: string) => string;
}

const USAGES: Record<"cpu" | "memory" | "io" | "count", Usage> = {
  cpu: {
    unit: "percent",
    of: (hosts, window) => `100 * rate(namedprocess_namegroup_cpu_seconds_total{${hosts}}[${window}])`,
  },
  memory: {
    unit: "bytes",
    of: (hosts, window) => `avg_over_time(namedprocess_namegroup_memory_bytes{${hosts},memtype="resident"}[${window}])`,
  },
  io: {
    unit: "bytes/s",
    of: (hosts, window) => `rate({__name__=~"namedprocess_namegroup_(read|write)_bytes_total",${hosts}}[${window}])`,
  },
  count: {
    unit: "number",
    of: (hosts, window) => `avg_over_time(namedprocess_namegroup_num_procs{${hosts}}[${window}])`,
  },
};

type Kind = keyof typeof USAGES;

function escaped(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&").replace(/[\\"]/g, "\\$&");
}

function queryOf(kind: Kind, names: readonly string[], window: string): string {
  const usage = USAGES[kind].of(`instance=~"${names.map(escaped).join("|")}"`, window);
  return `sum by (instance, groupname) (${usage}) and on (groupname) topk(${GROUPS_SHOWN}, sum by (groupname) (${usage}))`;
}

interface Matrix {
  groups: { name: string; total: number; cells: Map<string, number> }[];
  most: number;
}

export function matrixOf(result: readonly { metric: LabelSet; value: readonly [number, string] }[]): Matrix {
  const groups = new Map<string, Map<string, number>>();
  let most = 0;
  for (const { metric, value } of result) {
    const name = metric.groupname ?? "";
    const cells = groups.get(name) ?? new Map<string, number>();
    cells.set(metric.instance ?? "", Number(value[1]));
    groups.set(name, cells);
    most = Math.max(most, Number(value[1]));
  }
  const rows = [...groups].map(([name, cells]) => ({
    name,
    cells,
    total: [...cells.values()].reduce((a, b) => a + b, 0),
  }));
  return { groups: rows.sort((a, b) => b.total - a.total), most };
}

export function Processes(props: { names: readonly string[]; span: Span; colours: ReadonlyMap<string, string> }) {
  const { names, span } = props;
  const [chosen, choose] = useParameter("top", "cpu");
  const kind = chosen in USAGES ? (chosen as Kind) : "cpu";
  const window = Math.min(Math.max(Math.round(span.to - span.from), SHORTEST_WINDOW), LONGEST_WINDOW);
  const time = Math.floor(span.to / 15) * 15;
  const params = { query: queryOf(kind, names, `${window}s`), time };
  const loaded = useLoaded(JSON.stringify(params), async (signal) => {
    const data = await ask<{ result: { metric: LabelSet; value: [number, string] }[] }>("/api/v1/query", {
      params,
      signal,
    });
    return { kind, ...matrixOf(data.result) };
  });
  return (
    <section class="box" aria-label={say("title")}>
      <div class="bar">
        <h2>{say("title")}</h2>
        <label class="push">
          <span class="dim">{say("by")} </span>
          <select value={kind} onChange={(event) => choose(event.currentTarget.value)}>
            {(Object.keys(USAGES) as Kind[]).map((each) => (
              <option key={each} value={each}>
                {say(each)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Trouble error={loaded.error} />
      {loaded.data || loaded.error ? null : <p class="dim">{say("loading")}</p>}
      {loaded.data && !loaded.data.groups.length ? <p class="dim">{say("none")}</p> : null}
      {loaded.data?.groups.length ? (
        <>
          <p class="dim">
            {say("over", loaded.data.groups.length, duration(window), new Date(time * 1000).toLocaleTimeString())}
          </p>
          <MatrixTable {...props} matrix={loaded.data} unit={USAGES[loaded.data.kind].unit} />
        </>
      ) : null}
    </section>
  );
}

function MatrixTable(props: {
  names: readonly string[];
  span: Span;
  colours: ReadonlyMap<string, string>;
  matrix: Matrix;
  unit: Unit;
}) {
  const { names, span, matrix, unit } = props;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={say("title")}>
      <table class="matrix">
        <caption class="hidden">{say("title")}</caption>
        <thead>
          <tr>
            <th scope="col">{say("group")}</th>
            <th scope="col" class="numeric">
              {say("together")}
            </th>
            {names.map((name) => (
              <th key={name} scope="col" class="numeric">
                <a href={hostLink(name, span)}>{name}</a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.groups.map((group) => (
            <tr key={group.name}>
              <th scope="row">{group.name}</th>
              <td class="numeric">{written(group.total, unit)}</td>
              {names.map((name) => {
                const value = group.cells.get(name);
                return (
                  <td key={name} class="numeric">
                    {written(value, unit)}
                    <i
                      class="bar-cell"
                      style={{
                        width: `${(100 * (value ?? 0)) / (matrix.most || 1)}%`,
                        background: props.colours.get(name) ?? "",
                      }}
                    />
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
