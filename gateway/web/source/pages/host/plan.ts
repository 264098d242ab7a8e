// What the charts of a host ask and draw. A section asks few queries, all of which tell their series apart by labels.
import { ask, type LabelSet, type Series } from "../../api";
import type { Line } from "../../parts/chart";
import { line as colourOf } from "../../theme";
import type { Unit } from "../../units";
import { say, type Word } from "./words";

export interface Asked {
  instance: string;
  start: number;
  end: number;
  step: number;
}

export interface Panel {
  title: Word;
  unit: Unit;
  query: string;
  draw: (series: readonly Series[]) => Line[];
  most?: number;
  stacked?: boolean;
  /** Not shown where there is nothing to draw. */
  optional?: boolean;
}

export interface Section {
  key: string;
  title: Word;
  optional?: boolean;
  queries: Record<string, (asked: Asked) => string>;
  panels: readonly Panel[];
}

const INTERVAL = 15;
const TOP = 8;

/** Rates reach from one value to the next; a gauge that is older than this is a gap. */
const reach = (asked: Asked) => `${Math.max(asked.step + INTERVAL, 60)}s`;

function of(asked: Asked, metric: string, matchers = ""): string {
  return `${metric}{instance=${JSON.stringify(asked.instance)}${matchers && `,${matchers}`}}`;
}

function rate(asked: Asked, metric: string, matchers = ""): string {
  return `rate(${of(asked, metric, matchers)}[${reach(asked)}])`;
}

/** One query for several expressions: the label `what` says which is which. */
function together(parts: Record<string, string>): string {
  return Object.entries(parts)
    .map(([what, expression]) => `label_replace(${expression}, "what", "${what}", "", "")`)
    .join(" or ");
}

function points(series: Series): [number, number][] {
  return series.values.map(([time, value]) => [time, Number(value)]);
}

type Look = Pick<Line, "colour" | "dashed">;

/** Lines for the values of `what`, in this order and with these names. */
function named(words: Record<string, [name: string, look?: Look]>) {
  return (series: readonly Series[]): Line[] =>
    Object.entries(words).flatMap(([what, [name, look]]) =>
      series.filter((each) => each.metric.what === what).map((each) => ({ name, points: points(each), ...look })),
    );
}

/** A line for each series, named by its labels; sorted by name. */
function each(name: (labels: LabelSet) => string) {
  return (series: readonly Series[]): Line[] =>
    series
      .map((one) => ({ name: name(one.metric), points: points(one) }))
      .sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

const silent = (series: Series) => series.values.every(([, value]) => Number(value) === 0);

/** Two lines for each device, in one colour: what comes in is drawn through, what goes out dashed. */
function pairs(inward: [what: string, name: string], outward: [what: string, name: string]) {
  return (series: readonly Series[]): Line[] => {
    const loud = new Set(series.filter((one) => !silent(one)).map((one) => one.metric.device ?? ""));
    const all = [...new Set(series.map((one) => one.metric.device ?? ""))].sort();
    const devices = loud.size ? all.filter((device) => loud.has(device)) : all.slice(0, 2);
    return devices.flatMap((device, index) =>
      [inward, outward].flatMap(([what, name], place) =>
        series
          .filter((one) => one.metric.device === device && one.metric.what === what)
          .map((one) => ({
            name: `${device} ${name}`,
            points: points(one),
            colour: colourOf(index),
            dashed: place === 1,
          })),
      ),
    );
  };
}

const MODES: readonly (readonly [string, string])[] = [
  ["user", "#4e79a7"],
  ["nice", "#76b7b2"],
  ["system", "#e15759"],
  ["irq", "#9c755f"],
  ["softirq", "#b07aa1"],
  ["steal", "#edc948"],
  ["iowait", "#f28e2b"],
];

function modes(series: readonly Series[]): Line[] {
  const rare = new Set(["nice", "irq", "softirq", "steal"]);
  return MODES.flatMap(([mode, colour]) =>
    series
      .filter((one) => one.metric.mode === mode && !(rare.has(mode) && silent(one)))
      .map((one) => ({ name: mode, colour, points: points(one) })),
  );
}

/** A device that is mounted at several places is one line: that of the shortest path. */
function fileSystems(series: readonly Series[]): Line[] {
  const shortest = new Map<string, Series>();
  for (const one of series) {
    const device = one.metric.device ?? "";
    const known = shortest.get(device);
    if (!known || (one.metric.mountpoint ?? "").length < (known.metric.mountpoint ?? "").length)
      shortest.set(device, one);
  }
  return each((labels) => labels.mountpoint ?? "")([...shortest.values()]);
}

const only = (words: Record<string, [string, Look?]>, panel: Omit<Panel, "draw" | "query">): Panel => ({
  ...panel,
  query: "gauges",
  draw: named(words),
});

const DISKS = 'device!~"(dm-|md|loop|ram|sr|zram).*"';
const REAL = 'fstype!~"tmpfs|ramfs|rootfs|squashfs|overlay|iso9660"';
const LIMIT: Look = { colour: "#9aa5b1", dashed: true };

function busiest(shown: string, ranked: string): string {
  return `${shown} and on (groupname) topk(${TOP}, sum by (groupname) (${ranked}))`;
}

const whole = (asked: Asked) => `[${Math.round(asked.end - asked.start)}s] @ end()`;
const perContainer = (expression: string) => `topk(20, max by (name) (${expression}))`;

export const SECTIONS: readonly Section[] = [
  {
    key: "system",
    title: "sectionSystem",
    queries: {
      cpu: (asked) => `100 * avg by (mode) (${rate(asked, "node_cpu_seconds_total", 'mode!~"idle|guest.*"')})`,
      pressure: (asked) =>
        together(
          Object.fromEntries(
            ["cpu", "io", "memory"].map((what) => [
              what,
              `100 * max(${rate(asked, `node_pressure_${what}_waiting_seconds_total`)})`,
            ]),
          ),
        ),
      gauges: (asked) => {
        const gauge = (metric: string) => `max(${of(asked, metric)})`;
        const memory = (name: string) => gauge(`node_memory_${name}_bytes`);
        return together({
          load1: gauge("node_load1"),
          load5: gauge("node_load5"),
          load15: gauge("node_load15"),
          cores: `count(count by (cpu) (${of(asked, "node_cpu_seconds_total", 'mode="idle"')}))`,
          used: `${memory("MemTotal")} - ${memory("MemAvailable")}`,
          cache: `${memory("Cached")} + ${memory("Buffers")} + ${memory("SReclaimable")}`,
          total: memory("MemTotal"),
          swapUsed: `${memory("SwapTotal")} - ${memory("SwapFree")}`,
          swapTotal: `${memory("SwapTotal")} > 0`,
        });
      },
    },
    panels: [
      { title: "cpu", unit: "percent", query: "cpu", draw: modes, most: 100, stacked: true },
      only(
        { used: [say("used")], cache: [say("cache"), { colour: "#76b7b2" }], total: [say("total"), LIMIT] },
        { title: "memory", unit: "bytes" },
      ),
      only(
        { load1: [say("load1")], load5: [say("load5")], load15: [say("load15")], cores: [say("coresLine"), LIMIT] },
        { title: "load", unit: "number" },
      ),
      {
        title: "pressure",
        unit: "percent",
        query: "pressure",
        draw: named({ cpu: [say("pressureCpu")], io: [say("pressureIo")], memory: [say("pressureMemory")] }),
      },
      {
        title: "swap",
        unit: "bytes",
        query: "gauges",
        optional: true,
        draw: (series) =>
          series.some((one) => one.metric.what === "swapTotal")
            ? named({ swapUsed: [say("used")], swapTotal: [say("total"), LIMIT] })(series)
            : [],
      },
    ],
  },
  {
    key: "disks",
    title: "sectionDisks",
    queries: {
      full: (asked) => {
        const [free, size] = ["avail", "size"].map((what) => of(asked, `node_filesystem_${what}_bytes`, REAL));
        return `max by (device, mountpoint) (100 - 100 * ${free} / (${size} > 0))`;
      },
      io: (asked) => {
        const io = (metric: string) => `max by (device) (${rate(asked, `node_disk_${metric}_total`, DISKS)})`;
        return together({
          read: io("read_bytes"),
          written: io("written_bytes"),
          busy: `100 * ${io("io_time_seconds")}`,
        });
      },
    },
    panels: [
      { title: "filesystems", unit: "percent", query: "full", draw: fileSystems, most: 100 },
      {
        title: "diskBytes",
        unit: "bytes/s",
        query: "io",
        draw: pairs(["read", say("read")], ["written", say("written")]),
      },
      {
        title: "diskBusy",
        unit: "percent",
        query: "io",
        draw: (series) => each((labels) => labels.device ?? "")(series.filter((one) => one.metric.what === "busy")),
      },
    ],
  },
  {
    key: "network",
    title: "sectionNetwork",
    queries: {
      network: (asked) => {
        const io = (way: string, what: string) =>
          `max by (device) (${rate(asked, `node_network_${way}_${what}_total`, 'device!="lo"')})`;
        return together({
          received: io("receive", "bytes"),
          sent: io("transmit", "bytes"),
          errors: `${io("receive", "errs")} + ${io("transmit", "errs")}`,
          drops: `${io("receive", "drop")} + ${io("transmit", "drop")}`,
        });
      },
    },
    panels: [
      {
        title: "network",
        unit: "bytes/s",
        query: "network",
        draw: pairs(["received", say("received")], ["sent", say("sent")]),
      },
      {
        title: "networkBad",
        unit: "number",
        query: "network",
        optional: true,
        draw: (series) =>
          pairs(["errors", say("errors")], ["drops", say("drops")])(series.filter((one) => !silent(one))),
      },
    ],
  },
  {
    key: "containers",
    title: "sectionContainers",
    optional: true,
    queries: {
      cpu: (asked) =>
        perContainer(`100 * sum by (name, id) (${rate(asked, "container_cpu_usage_seconds_total", 'name!=""')})`),
      memory: (asked) => perContainer(of(asked, "container_memory_working_set_bytes", 'name!=""')),
    },
    panels: [
      { title: "containerCpu", unit: "percent", query: "cpu", draw: each((labels) => labels.name ?? "") },
      { title: "containerMemory", unit: "bytes", query: "memory", draw: each((labels) => labels.name ?? "") },
    ],
  },
  {
    key: "groups",
    title: "sectionGroups",
    optional: true,
    queries: {
      cpu: (asked) => {
        const metric = "namedprocess_namegroup_cpu_seconds_total";
        return busiest(
          `100 * sum by (groupname) (${rate(asked, metric)})`,
          `increase(${of(asked, metric)}${whole(asked)})`,
        );
      },
      memory: (asked) => {
        const metric = of(asked, "namedprocess_namegroup_memory_bytes", 'memtype="resident"');
        return busiest(`sum by (groupname) (${metric})`, `avg_over_time(${metric}${whole(asked)})`);
      },
    },
    panels: [
      { title: "groupCpu", unit: "percent", query: "cpu", draw: each((labels) => labels.groupname ?? "") },
      { title: "groupMemory", unit: "bytes", query: "memory", draw: each((labels) => labels.groupname ?? "") },
    ],
  },
  {
    key: "kernel",
    title: "sectionKernel",
    queries: {
      gauges: (asked) => {
        const gauge = (metric: string) => `max(${of(asked, metric)})`;
        return together({
          files: gauge("node_filefd_allocated"),
          tcp: gauge("node_sockstat_TCP_inuse"),
          tcpWait: gauge("node_sockstat_TCP_tw"),
          udp: gauge("node_sockstat_UDP_inuse"),
          entries: gauge("node_nf_conntrack_entries"),
          limit: gauge("node_nf_conntrack_entries_limit"),
        });
      },
      temperature: (asked) => `max by (chip) (${of(asked, "node_hwmon_temp_celsius")})`,
    },
    panels: [
      only({ files: [say("open")] }, { title: "files", unit: "number" }),
      only({ tcp: [say("tcp")], tcpWait: [say("tcpWait")], udp: [say("udp")] }, { title: "sockets", unit: "number" }),
      only(
        { entries: [say("entries")], limit: [say("limit"), LIMIT] },
        { title: "conntrack", unit: "number", optional: true },
      ),
      {
        title: "temperature",
        unit: "number",
        query: "temperature",
        optional: true,
        draw: each((labels) => labels.chip ?? ""),
      },
    ],
  },
];

/** What a query came to, or why it did not: one that fails leaves the others alone. */
export interface Answer {
  series: readonly Series[];
  error?: Error;
}

export async function answers(section: Section, asked: Asked, signal: AbortSignal): Promise<Record<string, Answer>> {
  const one = async ([key, query]: [string, (asked: Asked) => string]): Promise<[string, Answer]> => {
    const { start, end, step } = asked;
    const params = { query: query(asked), start, end, step, lookback_delta: reach(asked) };
    try {
      const data = await ask<{ result: Series[] }>("/api/v1/query_range", { params, signal });
      return [key, { series: data.result }];
    } catch (error) {
      if (signal.aborted) throw error;
      return [key, { series: [], error: error as Error }];
    }
  };
  return Object.fromEntries(await Promise.all(Object.entries(section.queries).map(one)));
}
