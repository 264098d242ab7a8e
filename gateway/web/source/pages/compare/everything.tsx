// All measures of one host, now and before: what one looks at when only one host is chosen.
import { ask } from "../../api";
import { useLoaded } from "../../load";
import { Sparkline, Table, Trouble, type Column } from "../../parts/small";
import { stepOf, type Span } from "../../time";
import { written } from "../../units";
import { wording } from "../../words";
import { aligned, type Statistics } from "./data";
import { GROUPS, measureTitle, unitOf, type Measure } from "./measures";
import { changed } from "./statistics";

const say = wording({
  title: ["All measures of {0}", "{0} 的全部指标"],
  measure: ["Measure", "指标"],
  course: ["Course", "走势"],
  last: ["Last", "最新"],
  average: ["Average", "平均"],
  peak: ["Peak", "峰值"],
  p95: ["95th percentile", "95 分位"],
  before: ["Average before", "之前平均"],
  change: ["Change", "变化"],
  loading: ["Loading …", "加载中…"],
});

const POINTS = 100;

interface Row {
  name: Measure;
  unit: string;
  statistics: Statistics;
  values: (number | null)[];
  before?: { statistics: Statistics };
  change?: { average: number | null; percent: number | null };
}

export function Everything(props: { host: string; offset: string; span: Span; onMeasure: (name: Measure) => void }) {
  const { host, offset, span } = props;
  const step = stepOf(span, POINTS);
  const params = { ...aligned(span, step), step, ...(offset ? { offset } : {}) };
  const path = `/api/v1/agents/${encodeURIComponent(host)}/stats`;
  const loaded = useLoaded(path + JSON.stringify(params), (signal) =>
    ask<{ name: string; metrics: Record<string, Omit<Row, "name">> }>(path, { params, signal }),
  );
  const rows = Object.values(GROUPS)
    .flat()
    .flatMap((name): Row[] => {
      const found = loaded.data?.metrics[name];
      return found?.statistics.count ? [{ name, ...found }] : [];
    });
  const one = (key: "last" | "average" | "max" | "p95", title: string): Column<Row> => ({
    key,
    title,
    numeric: true,
    cell: (row) => written(row.statistics[key], unitOf(row.unit)),
  });
  const columns: Column<Row>[] = [
    {
      key: "measure",
      title: say("measure"),
      cell: (row) => (
        <button type="button" class="plain" onClick={() => props.onMeasure(row.name)}>
          {measureTitle(row.name)}
        </button>
      ),
    },
    {
      key: "course",
      title: say("course"),
      cell: (row) => <Sparkline values={row.values} label={measureTitle(row.name)} />,
    },
    one("last", say("last")),
    one("average", say("average")),
    one("max", say("peak")),
    one("p95", say("p95")),
  ];
  if (offset) {
    columns.push(
      {
        key: "before",
        title: say("before"),
        numeric: true,
        cell: (row) => written(row.before?.statistics.average, unitOf(row.unit)),
      },
      {
        key: "change",
        title: say("change"),
        numeric: true,
        cell: (row) => changed(row.change?.average, row.change?.percent, unitOf(row.unit)),
      },
    );
  }
  const title = say("title", loaded.data?.name ?? host);
  return (
    <section class="box" aria-label={title}>
      <h2>{title}</h2>
      <Trouble error={loaded.error} />
      {loaded.data || loaded.error ? null : <p class="dim">{say("loading")}</p>}
      {rows.length ? (
        <Table caption={title} columns={columns} rows={rows} id={(row) => row.name} order="" onOrder={() => {}} />
      ) : null}
    </section>
  );
}
