// One process over time, or all of one name.
import { useMemo } from "preact/hooks";
import { ask } from "../../api";
import { useParameter } from "../../address";
import { useLoaded } from "../../load";
import { Chart, type Line, type Mark } from "../../parts/chart";
import { Trouble } from "../../parts/small";
import type { Span } from "../../time";
import type { Unit } from "../../units";
import { clock } from "./moment";
import { processesPath, type Process } from "./snapshot";
import { say, type Word } from "./words";

interface Point {
  time: number;
  processes: number;
  cpu: number | null;
  cpu_max: number | null;
  rss: number | null;
  rss_max: number | null;
  read: number | null;
  write: number | null;
}

interface Answer {
  step: number;
  points: Point[];
  processes: (Process & { first: number; last: number })[];
}

type Measure = Exclude<keyof Point, "time">;

interface Props {
  id: string;
  /** `PID:START`, or `name:NAME` for all that are called so. */
  process: string;
  span: Span;
  marks: readonly Mark[];
  onMoment: (time: number, shift: boolean) => void;
}

const BY_NAME = "name:";

export function History(props: Props) {
  const { id, process, span } = props;
  const [, setProcess] = useParameter("process");
  const name = process.startsWith(BY_NAME) ? process.slice(BY_NAME.length) : "";
  const [pid, start] = process.split(":");
  const who = name ? { name } : { pid: pid ?? "", start: start ?? "" };
  const loaded = useLoaded(
    `${id} ${process} ${span.relative || `${span.from} ${span.to}`}`,
    (signal) =>
      ask<Answer>(processesPath(id, "/history"), {
        params: { ...who, from: span.from.toFixed(3), to: span.to.toFixed(3) },
        signal,
      }),
    span.relative ? 15 : 0,
  );
  const data = loaded.data;
  const one = data?.processes.at(-1);
  const called = name || one?.name || `PID ${pid}`;
  return (
    <section class="history" aria-label={say("historyOf", called)}>
      <div class="bar">
        <h3>{say("historyOf", called)}</h3>
        {!name && one ? (
          <button type="button" onClick={() => setProcess(BY_NAME + one.name)}>
            {say("allNamed", one.name)}
          </button>
        ) : null}
        <button
          type="button"
          class="push"
          aria-label={say("close")}
          title={say("close")}
          onClick={() => setProcess("")}
        >
          ✕
        </button>
      </div>
      <Trouble error={loaded.error} />
      {data ? <Story data={data} many={Boolean(name)} {...props} /> : <p class="dim">{say("loading")}</p>}
    </section>
  );
}

function Story(props: Props & { data: Answer; many: boolean }) {
  const { data, many } = props;
  const one = data.processes.at(-1);
  if (!one) return <p class="dim">{say("notSeen")}</p>;
  return (
    <>
      {many ? <p class="dim">{say("processesNamed", data.processes.length)}</p> : <Facts one={one} />}
      <div class="grid">
        <Plot {...props} title="historyCpu" unit="percent" of={{ cpu: say("average"), cpu_max: say("most") }} />
        <Plot {...props} title="historyMemory" unit="bytes" of={{ rss: say("average"), rss_max: say("most") }} />
        <Plot {...props} title="historyIo" unit="bytes/s" of={{ read: say("read"), write: say("written") }} />
        {many ? <Plot {...props} title="count" unit="number" of={{ processes: say("count") }} /> : null}
      </div>
    </>
  );
}

function Facts(props: { one: Answer["processes"][number] }) {
  const { one } = props;
  const facts: [string, string | number][] = [
    [say("pid"), one.pid],
    [say("user"), one.user],
    [say("unit"), one.unit],
    [say("container"), one.container],
    [say("started"), clock(one.start)],
    [say("firstSeen"), `${clock(one.first)} ${say("lastSeen")} ${clock(one.last)}`],
  ];
  return (
    <>
      <pre class="whole">{one.command || one.name}</pre>
      <dl class="facts">
        {facts
          .filter(([, value]) => value)
          .map(([title, value]) => (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </>
  );
}

/** Seconds between two points: those of the answer, or what is usual between them. */
function stepOf(data: Answer): number {
  if (data.step > 0) return data.step;
  const gaps = data.points.slice(1).map((point, place) => point.time - (data.points[place]?.time ?? 0));
  return gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 15;
}

function lines(data: Answer, of: Partial<Record<Measure, string>>): Line[] {
  const same = data.step === 0;
  return (Object.entries(of) as [Measure, string][])
    .filter(([measure]) => !(same && measure.endsWith("_max")))
    .map(([measure, name]) => ({
      name: same && name === say("average") ? measure.toUpperCase() : name,
      points: data.points.flatMap((point): [number, number][] =>
        point.processes === 0 ? [] : [[point.time, point[measure] ?? Number.NaN]],
      ),
      dashed: measure.endsWith("_max"),
    }));
}

function Plot(props: Props & { data: Answer; title: Word; unit: Unit; of: Partial<Record<Measure, string>> }) {
  const drawn = useMemo(() => ({ lines: lines(props.data, props.of), step: stepOf(props.data) * 1.5 }), [props.data]);
  return (
    <Chart
      title={say(props.title)}
      unit={props.unit}
      span={props.span}
      lines={drawn.lines}
      step={drawn.step}
      marks={props.marks}
      onMoment={props.onMoment}
      height={140}
    />
  );
}
