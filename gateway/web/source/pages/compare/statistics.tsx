// The statistics of the hosts that are compared: the table is the legend of the chart, too.
import { Table, type Column } from "../../parts/small";
import type { Span } from "../../time";
import { written, type Unit } from "../../units";
import { wording } from "../../words";
import { hostLink, peakTime, type Compared, type Comparison } from "./data";

const say = wording({
  statistics: ["Statistics", "统计"],
  host: ["Host", "主机"],
  last: ["Last", "最新"],
  average: ["Average", "平均"],
  peak: ["Peak", "峰值"],
  when: ["at", "时间"],
  p95: ["95th percentile", "95 分位"],
  min: ["Least", "最小"],
  before: ["Average before", "之前平均"],
  change: ["Change", "变化"],
  highest: ["the highest", "最高"],
  lowest: ["the lowest", "最低"],
});

type Key = "last" | "average" | "max" | "p95" | "min";
const KEYS: readonly (readonly [Key, "last" | "average" | "peak" | "p95" | "min"])[] = [
  ["last", "last"],
  ["average", "average"],
  ["max", "peak"],
  ["p95", "p95"],
  ["min", "min"],
];

interface Props {
  comparison: Comparison;
  unit: Unit;
  span: Span;
  colours: ReadonlyMap<string, string>;
  order: string;
  focus: string;
  onOrder: (order: string) => void;
  onFocus: (name: string) => void;
}

interface Ends {
  least: number;
  most: number;
}

/** The lowest and the highest of a column, when they are not the same to the eye. */
export function ends(agents: readonly Compared[], key: Key, unit: Unit): Ends | null {
  const values = agents.map((agent) => agent.statistics[key]).filter((value) => value !== null);
  const found = { least: Math.min(...values), most: Math.max(...values) };
  return values.length > 1 && written(found.least, unit) !== written(found.most, unit) ? found : null;
}

function Value(props: { value: number | null; unit: Unit; ends: Ends | null; plain: boolean }) {
  const { value, unit, ends: of } = props;
  const text = written(value, unit);
  if (!of || value === null || (value !== of.least && value !== of.most)) return <>{text}</>;
  const high = value === of.most;
  return (
    <span class={`extreme ${props.plain ? "" : high ? "worst" : "best"}`} title={high ? say("highest") : say("lowest")}>
      <span aria-hidden="true">{high ? "▲" : "▼"} </span>
      {text}
    </span>
  );
}

export function StatisticsTable(props: Props) {
  const { comparison, unit, span } = props;
  const { agents, times } = comparison;
  const peaks = new Map(agents.map((agent) => [agent.id, peakTime(times, agent.values)]));
  const columns: Column<Compared>[] = [
    {
      key: "host",
      title: say("host"),
      by: (row) => row.name,
      cell: (row) => (
        <a
          class={props.focus === row.name ? "legend focused" : "legend"}
          href={hostLink(row.name, span)}
          onMouseEnter={() => props.onFocus(row.name)}
          onMouseLeave={() => props.onFocus("")}
          onFocus={() => props.onFocus(row.name)}
          onBlur={() => props.onFocus("")}
        >
          <i class="dot" style={{ background: props.colours.get(row.name) ?? "" }} />
          {row.name}
        </a>
      ),
    },
    ...KEYS.map(([key, title]): Column<Compared> => {
      const of = ends(agents, key, unit);
      return {
        key,
        title: say(title),
        numeric: true,
        by: (row) => row.statistics[key] ?? Number.NaN,
        cell: (row) => (
          <Value value={row.statistics[key]} unit={unit} ends={of} plain={comparison.metric === "uptime"} />
        ),
      };
    }),
  ];
  columns.splice(4, 0, {
    key: "when",
    title: say("when"),
    by: (row) => peaks.get(row.id) ?? Number.NaN,
    cell: (row) => {
      const peak = peaks.get(row.id);
      return peak ? (
        <a class="dim" href={hostLink(row.name, span, peak)}>
          {moment(peak, span)}
        </a>
      ) : (
        "–"
      );
    },
  });
  if (comparison.offset) columns.push(...changes(unit));
  return (
    <Table
      caption={say("statistics")}
      columns={columns}
      rows={agents}
      id={(row) => row.id}
      order={props.order}
      onOrder={props.onOrder}
    />
  );
}

function changes(unit: Unit): Column<Compared>[] {
  return [
    {
      key: "before",
      title: say("before"),
      numeric: true,
      by: (row) => row.before?.statistics.average ?? Number.NaN,
      cell: (row) => written(row.before?.statistics.average, unit),
    },
    {
      key: "change",
      title: say("change"),
      numeric: true,
      by: (row) => row.change?.average ?? Number.NaN,
      cell: (row) => changed(row.change?.average, row.change?.percent, unit),
    },
  ];
}

/** `+2 GiB (+14 %)` */
export function changed(average: number | null | undefined, percent: number | null | undefined, unit: Unit): string {
  if (average === null || average === undefined) return "–";
  const sign = (value: number) => (value < 0 ? "−" : "+");
  const share =
    percent === null || percent === undefined ? "" : ` (${sign(percent)}${written(Math.abs(percent), "percent")})`;
  return `${sign(average)}${written(Math.abs(average), unit)}${share}`;
}

/** A moment: its time, and its day where the span is longer than one. */
export function moment(time: number, span: Span): string {
  const date = new Date(time * 1000);
  const wide = span.to - span.from > 86400;
  return wide
    ? date.toLocaleString(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" })
    : date.toLocaleTimeString();
}
