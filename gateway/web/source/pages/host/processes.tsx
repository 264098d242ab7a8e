// The processes of a moment: choosing it, stepping through snapshots, the table, one process, and what changed.
import { useEffect, useRef, useState } from "preact/hooks";
import { useAddress, useParameter } from "../../address";
import type { Loaded } from "../../load";
import type { Mark } from "../../parts/chart";
import { Badge, Trouble } from "../../parts/small";
import type { Span } from "../../time";
import { bytes, duration, number } from "../../units";
import { Fold } from "./charts";
import { Changes } from "./changes";
import { History } from "./history";
import { choose, chooseAgainst, chooseNow, clock, type Moment } from "./moment";
import type { Snapshot, Totals } from "./snapshot";
import { percent, ProcessTable, rate } from "./table";
import { say } from "./words";

interface Shown {
  moment: Moment;
  snapshot: Loaded<Snapshot>;
}

interface Props extends Shown {
  id: string;
  span: Span;
  marks: readonly Mark[];
  onMoment: (time: number, shift: boolean) => void;
}

const SECTION = "processes";
/** A snapshot that is so many intervals older than the moment is told to be. */
const OLD = 3;

export function Processes(props: Props) {
  const { id, span, moment, snapshot } = props;
  const { data, error } = snapshot;
  const [process] = useParameter("process");
  const keys = (event: KeyboardEvent) => {
    if ((event.target as Element).closest("input, select") || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = event.key === "ArrowLeft" ? data?.previous : event.key === "ArrowRight" ? data?.next : undefined;
    if (!to) return;
    event.preventDefault();
    choose(to, true);
  };
  return (
    <div id={SECTION}>
      <Fold name={SECTION} title="sectionProcesses" note={<When moment={moment} data={data} />}>
        <div class="box travel">
          <Steps moment={moment} snapshot={snapshot} span={span} />
          <Trouble error={error} />
          {process ? (
            <History id={id} process={process} span={span} marks={props.marks} onMoment={props.onMoment} />
          ) : null}
          <div class="focus" tabIndex={0} role="group" aria-label={say("focusHint")} onKeyDown={keys}>
            {moment.from !== null ? (
              <Changes id={id} from={moment.from} at={moment.at} />
            ) : data?.time ? (
              <TableOf data={data} />
            ) : data ? (
              <NoSnapshots next={data.next} />
            ) : (
              <p class="dim">{say("loading")}</p>
            )}
          </div>
        </div>
      </Fold>
    </div>
  );
}

function When(props: { moment: Moment; data: Snapshot | undefined }) {
  const { moment, data } = props;
  const late = data?.time ? (moment.at ?? Date.now() / 1000) - data.time : 0;
  const old = late > OLD * (data?.interval || 15);
  return (
    <>
      {moment.at === null && data?.time && !old ? <Badge kind="good">{say("live")}</Badge> : null}
      {data?.time ? <time class="dim">{clock(data.time)}</time> : null}
      {old ? (
        <Badge kind="warn">
          {moment.at === null ? say("agoOf", duration(late)) : say("olderThan", duration(late))}
        </Badge>
      ) : null}
    </>
  );
}

function TableOf(props: { data: Snapshot }) {
  const { data } = props;
  return (
    <>
      <Sums data={data} />
      <ProcessTable snapshot={data} caption={say("tableOf", clock(data.time ?? 0))} />
    </>
  );
}

const AGAINST = ["1m", "5m", "15m", "1h", "1d", "7d"] as const;

function Steps(props: Shown & { span: Span }) {
  const { moment, snapshot, span } = props;
  const data = snapshot.data;
  const [filter, setFilter] = useParameter("q");
  const chosen = moment.against && !AGAINST.some((each) => moment.against === `-${each}`);
  return (
    <div class="bar steps">
      <StepButtons data={data} moment={moment} />
      <Scrub span={span} at={moment.at ?? span.to} />
      <label>
        <span class="dim">{say("since")}</span>{" "}
        <select value={moment.against} onChange={(event) => chooseAgainst(event.currentTarget.value)}>
          <option value="">{say("sinceNone")}</option>
          {AGAINST.map((each) => (
            <option key={each} value={`-${each}`}>
              {say("before", each)}
            </option>
          ))}
          {chosen && moment.from !== null ? <option value={moment.against}>{clock(moment.from)}</option> : null}
          <option value={span.from.toFixed(3)}>{say("begin")}</option>
        </select>
      </label>
      <input
        type="search"
        class="push"
        value={filter}
        aria-label={say("filter")}
        placeholder={say("filterHint")}
        onInput={(event) => setFilter(event.currentTarget.value, true)}
      />
    </div>
  );
}

function StepButtons(props: { data: Snapshot | undefined; moment: Moment }) {
  const { data, moment } = props;
  const step = (to: number | null | undefined, text: string, sign: string) => (
    <button type="button" title={text} aria-label={text} disabled={!to} onClick={() => to && choose(to, true)}>
      {sign}
    </button>
  );
  return (
    <span class="range">
      {step(data?.previous, say("previous"), "◀")}
      {step(data?.next, say("next"), "▶")}
      <button type="button" disabled={moment.at === null} onClick={chooseNow}>
        {moment.at === null ? say("liveNow") : say("toNow")}
      </button>
    </span>
  );
}

const SETTLE_MS = 120;

/** A slider over the range: what it passes is shown when it rests for a moment. */
function Scrub(props: { span: Span; at: number }) {
  const { span } = props;
  const [held, setHeld] = useState<number | null>(null);
  const timer = useRef(0);
  const at = Math.min(Math.max(held ?? props.at, span.from), span.to);
  const move = (to: number) => {
    setHeld(to);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      choose(to, true);
      setHeld(null);
    }, SETTLE_MS);
  };
  return (
    <label class="scrub">
      <input
        type="range"
        min={span.from}
        max={span.to}
        step={1}
        value={at}
        aria-label={say("scrub")}
        aria-valuetext={clock(at)}
        onInput={(event) => move(Number(event.currentTarget.value))}
      />
      <output>{clock(at)}</output>
    </label>
  );
}

function totals(sums: Totals): string[] {
  return [
    sums.cpu === null ? "" : say("totalCpu", percent(sums.cpu), `${(sums.cpus ?? 1) * 100} %`),
    sums.load1 === null ? "" : say("totalLoad", number(sums.load1)),
    sums.memory_used === null ? "" : say("totalMemory", bytes(sums.memory_used), bytes(sums.memory ?? 0)),
    sums.read === null ? "" : say("totalIo", rate(sums.read), rate(sums.write)),
    sums.threads === null ? "" : say("totalThreads", sums.threads),
  ].filter(Boolean);
}

function Sums(props: { data: Snapshot }) {
  const { data } = props;
  const parts = data.totals ? totals(data.totals) : [];
  return (
    <p class="sums dim">
      {[say("shown", data.processes?.length ?? 0, data.totals?.processes ?? "–"), ...parts]
        .concat(data.omitted ? [say("omitted", data.omitted)] : [])
        .map((part) => (
          <span key={part}>{part}</span>
        ))}
    </p>
  );
}

function NoSnapshots(props: { next: number | null }) {
  const { next } = props;
  return (
    <div class="empty">
      <p>{say("noSnapshots")}</p>
      {next ? (
        <button type="button" onClick={() => choose(next)}>
          {say("firstSnapshot", clock(next))}
        </button>
      ) : (
        <>
          <p class="dim">{say("noSnapshotsHow")}</p>
          <pre>{`gateway: ${location.origin}\nsnapshot:\n  enabled: true`}</pre>
        </>
      )}
    </div>
  );
}

const BUSIEST = 3;

/** While a moment is chosen and its table is out of sight: who was the busiest then, and the way there. */
export function MomentBar(props: Shown) {
  const { moment, snapshot } = props;
  const [seen, setSeen] = useState(true);
  useAddress();
  useEffect(() => {
    const table = document.getElementById(SECTION);
    if (!table) return;
    const watch = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? true), {
      rootMargin: "-120px",
    });
    watch.observe(table);
    return () => watch.disconnect();
  }, []);
  const data = snapshot.data;
  if (moment.at === null || seen || !data?.time) return null;
  const busiest = [...(data.processes ?? [])].sort((a, b) => (b.cpu ?? 0) - (a.cpu ?? 0)).slice(0, BUSIEST);
  const show = () => document.getElementById(SECTION)?.scrollIntoView({ behavior: "smooth" });
  return (
    <aside class="moment-bar" aria-label={say("tableOf", clock(data.time))}>
      <time>{clock(data.time)}</time>
      <span class="who">
        {busiest.map((each) => (
          <span key={each.pid}>
            <b>{each.name}</b> {percent(each.cpu)}
          </span>
        ))}
      </span>
      <StepButtons data={data} moment={moment} />
      <button type="button" class="primary" onClick={show}>
        {say("showTable")}
      </button>
    </aside>
  );
}
