// What is stored: how much, how fast it grows, and what takes most of it.
import { useState } from "preact/hooks";
import { ask, type LabelSet, type Sample } from "../../api";
import { useParameter } from "../../address";
import { useLoaded } from "../../load";
import { Trouble } from "../../parts/small";
import { bytes, duration, number } from "../../units";
import { wording } from "../../words";
import { Bars, Fact, Loading, Problems, useAct, type Bar } from "./parts";

const say = wording({
  series: ["Series", "时间序列"],
  rate: ["Samples per second", "每秒样本数"],
  disk: ["On disk", "磁盘占用"],
  sample: ["Bytes per sample", "每样本字节数"],
  samples: ["Samples", "样本总数"],
  head: ["Samples not in a part", "尚未写入分段的样本"],
  log: ["Log", "日志"],
  parts: ["Parts", "分段"],
  span: ["Reaches back", "数据跨度"],
  retention: ["Kept for", "保留时长"],
  running: ["Running for", "已运行"],
  tombstones: ["Deletions to clean up", "待清理的删除"],
  most: ["Show", "显示"],
  metrics: ["Largest metrics by series", "时间序列最多的指标"],
  metricBytes: ["Largest metrics by bytes on disk", "磁盘占用最多的指标"],
  metricBytesNote: ["Of samples in parts: the newest are not counted yet.", "仅统计分段中的样本，最新的尚未计入。"],
  labels: ["Labels with the most values", "取值最多的标签"],
  pairs: ["Label pairs with the most series", "时间序列最多的标签对"],
  hosts: ["Series by host", "各主机的时间序列"],
  hostsNote: [
    "This reads all series once, so it is asked only when you want it.",
    "此查询会读取所有时间序列，因此只在需要时执行。",
  ],
  count: ["Count now", "立即统计"],
  counting: ["Counting …", "统计中……"],
  none: ["(no instance)", "（无 instance）"],
  empty: ["Nothing yet.", "暂无数据。"],
});

interface Counted {
  name: string;
  value: number;
}

interface Stored {
  headStats: { minTime: number; maxTime: number };
  seriesCountByMetricName: Counted[];
  labelValueCountByLabelName: Counted[];
  seriesCountByLabelValuePair: Counted[];
  bytesByMetricName: Counted[];
  store: {
    series: number;
    samples: number;
    bytes: number;
    bytesPerSample: number;
    headSamples: number;
    logBytes: number;
    parts: number;
    tombstones: number;
  };
}

interface Running {
  startTime: string;
  serverTime: string;
  storageRetention: string;
}

interface Vector {
  result: { metric: LabelSet; value: Sample }[];
}

const RATE = 'sum(rate(fleetgauge_ingest_samples_total{job="fleetgauge-gateway"}[5m]))';
const HOSTS = 'topk(50, count by (instance) ({__name__!=""}))';
const EVERY_SECONDS = 15;

async function instant(query: string, signal?: AbortSignal): Promise<Vector["result"]> {
  return (await ask<Vector>("/api/v1/query", { params: { query }, signal })).result;
}

export function Storage() {
  const [limit, setLimit] = useParameter("most", "10");
  const stored = useLoaded(
    `tsdb ${limit}`,
    (signal) => ask<Stored>("/api/v1/status/tsdb", { params: { limit }, signal }),
    EVERY_SECONDS,
  );
  const { data } = stored;
  if (!data) return stored.error ? <Trouble error={stored.error} /> : <Loading />;
  const bars = (counted: readonly Counted[], write: (value: number) => string, isMetric: boolean): Bar[] =>
    counted.map(({ name, value }) => ({
      name,
      value,
      text: write(value),
      ...(isMetric ? { href: `/explore?expr=${encodeURIComponent(selector(name))}` } : {}),
    }));
  return (
    <>
      <Trouble error={stored.error} />
      <Facts stored={data} />
      <div class="bar">
        <label class="beside">
          {say("most")}
          <select value={limit} onChange={(event) => setLimit(event.currentTarget.value)}>
            {["10", "25", "100"].map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      </div>
      <div class="grid wide">
        <Bars title={say("metrics")} bars={bars(data.seriesCountByMetricName, number, true)} empty={say("empty")} />
        <Hosts />
        <Bars title={say("labels")} bars={bars(data.labelValueCountByLabelName, number, false)} empty={say("empty")} />
        <Bars title={say("pairs")} bars={bars(data.seriesCountByLabelValuePair, number, false)} empty={say("empty")} />
        <Bars
          title={say("metricBytes")}
          note={say("metricBytesNote")}
          bars={bars(data.bytesByMetricName, bytes, true)}
          empty={say("empty")}
        />
      </div>
    </>
  );
}

function selector(name: string): string {
  return /^[a-zA-Z_:][\w:]*$/.test(name) ? name : `{${JSON.stringify(name)}}`;
}

function Facts(props: { stored: Stored }) {
  const { store, headStats } = props.stored;
  const rate = useLoaded("rate", (signal) => instant(RATE, signal), EVERY_SECONDS);
  const running = useLoaded(
    "runtime",
    (signal) => ask<Running>("/api/v1/status/runtimeinfo", { signal }),
    EVERY_SECONDS,
  );
  const span = (headStats.maxTime - headStats.minTime) / 1000;
  const info = running.data;
  return (
    <dl class="facts box">
      <Fact name={say("series")}>{store.series.toLocaleString()}</Fact>
      <Fact name={say("rate")}>{rate.data?.[0] ? number(Number(rate.data[0].value[1])) : "–"}</Fact>
      <Fact name={say("disk")}>{bytes(store.bytes)}</Fact>
      <Fact name={say("samples")}>{store.samples.toLocaleString()}</Fact>
      <Fact name={say("sample")}>{store.samples ? number(store.bytesPerSample) : "–"}</Fact>
      <Fact name={say("head")}>{store.headSamples.toLocaleString()}</Fact>
      <Fact name={say("log")}>{bytes(store.logBytes)}</Fact>
      <Fact name={say("parts")}>{number(store.parts)}</Fact>
      <Fact name={say("span")}>{span >= 0 ? duration(span) : "–"}</Fact>
      <Fact name={say("retention")}>{info?.storageRetention ?? "–"}</Fact>
      <Fact name={say("running")}>
        {info ? duration((Date.parse(info.serverTime) - Date.parse(info.startTime)) / 1000) : "–"}
      </Fact>
      {store.tombstones ? <Fact name={say("tombstones")}>{number(store.tombstones)}</Fact> : null}
    </dl>
  );
}

/** Series of each host: a question that is heavy, so that only a button asks it. */
function Hosts() {
  const act = useAct();
  const [counted, setCounted] = useState<Vector["result"]>();
  if (counted) {
    const bars = counted.map(({ metric, value }) => ({
      name: metric.instance ?? say("none"),
      value: Number(value[1]),
      text: Number(value[1]).toLocaleString(),
      ...(metric.instance ? { href: `/agents/${encodeURIComponent(metric.instance)}` } : {}),
    }));
    return <Bars title={say("hosts")} bars={bars} empty={say("empty")} />;
  }
  return (
    <section class="box">
      <h2>{say("hosts")}</h2>
      <p class="dim">{say("hostsNote")}</p>
      <button
        type="button"
        disabled={act.busy}
        onClick={() => void act.run(async () => setCounted(await instant(HOSTS)))}
      >
        {act.busy ? say("counting") : say("count")}
      </button>
      <Problems error={act.error} />
    </section>
  );
}
