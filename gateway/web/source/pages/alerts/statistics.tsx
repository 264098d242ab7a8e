// What the episodes of each alert come to.
import { ask } from "../../api";
import { setParameters, useParameter } from "../../address";
import { useLoaded } from "../../load";
import { duration } from "../../units";
import { wording } from "../../words";
import { Badge, Table, Trouble, type Column } from "../../parts/small";
import { Empty, Loading, When } from "./text";
import { say } from "./words";

const here = wording({
  title: ["Statistics", "统计"],
  nothing: ["Nothing fired", "没有触发记录"],
  fired: ["Fired", "触发次数"],
  alerts: ["Alerts", "告警数"],
  firing: ["Firing now", "正在触发"],
  flapped: ["Flapped", "抖动"],
  mean: ["Mean to resolve", "平均恢复时长"],
  median: ["Median", "中位数"],
  longest: ["Longest", "最长"],
  total: ["In all", "总时长"],
  last: ["Last", "最近一次"],
  flappedLong: [
    "Began again within ten minutes of its end: its threshold or its `for` may be too short.",
    "结束后十分钟内再次触发：阈值或 for 可能过短。",
  ],
});

interface Figures {
  name: string;
  fired: number;
  alerts: number;
  firing: number;
  flapped: number;
  total: number;
  mean: number | null;
  median: number | null;
  longest: number;
  last_fired: number;
}

export function Statistics(props: { params: Record<string, string>; id: string; every: number }) {
  const [order, setOrder] = useParameter("order", "-fired");
  const found = useLoaded(
    `statistics ${props.id}`,
    (signal) => ask<Figures[]>("/api/v1/alerts/statistics", { params: props.params, signal }),
    props.every,
  );
  if (!found.data) return found.error ? <Trouble error={found.error} /> : <Loading />;
  if (!found.data.length) return <Empty title={here("nothing")} />;
  return (
    <div class="box">
      <Trouble error={found.error} />
      <Table
        caption={here("title")}
        columns={COLUMNS}
        rows={found.data}
        id={(row) => row.name}
        order={order}
        onOrder={setOrder}
      />
    </div>
  );
}

const long = (value: number | null) => (value === null ? "–" : duration(value));

const COLUMNS: readonly Column<Figures>[] = [
  {
    key: "name",
    title: say("byName"),
    by: (row) => row.name,
    cell: (row) => (
      <button type="button" class="al-name" onClick={() => setParameters({ name: row.name, view: "", before: "" })}>
        {row.name || say("noName")}
      </button>
    ),
  },
  { key: "fired", title: here("fired"), numeric: true, by: (row) => row.fired, cell: (row) => row.fired },
  { key: "alerts", title: here("alerts"), numeric: true, by: (row) => row.alerts, cell: (row) => row.alerts },
  {
    key: "firing",
    title: here("firing"),
    numeric: true,
    by: (row) => row.firing,
    cell: (row) => (row.firing ? <Badge kind="bad">{row.firing}</Badge> : 0),
  },
  {
    key: "flapped",
    title: here("flapped"),
    numeric: true,
    by: (row) => row.flapped,
    cell: (row) =>
      row.flapped ? (
        <span title={here("flappedLong")}>
          <Badge kind="warn">{row.flapped}</Badge>
        </span>
      ) : (
        0
      ),
  },
  {
    key: "mean",
    title: here("mean"),
    numeric: true,
    by: (row) => row.mean ?? Number.NaN,
    cell: (row) => long(row.mean),
  },
  {
    key: "median",
    title: here("median"),
    numeric: true,
    by: (row) => row.median ?? Number.NaN,
    cell: (row) => long(row.median),
  },
  { key: "longest", title: here("longest"), numeric: true, by: (row) => row.longest, cell: (row) => long(row.longest) },
  { key: "total", title: here("total"), numeric: true, by: (row) => row.total, cell: (row) => long(row.total) },
  {
    key: "last",
    title: here("last"),
    numeric: true,
    by: (row) => row.last_fired,
    cell: (row) => <When time={row.last_fired} />,
  },
];
