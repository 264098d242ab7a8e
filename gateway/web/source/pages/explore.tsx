// Queries in PromQL: several at once, as lines over time or as a table; all of it in the address.
import { useEffect, useState } from "preact/hooks";
import { setParameters, useAddress, useParameter } from "../address";
import { useLoaded } from "../load";
import { CopyButton } from "../parts/copy";
import { RangeChoice } from "../parts/range";
import { seconds, spanOf, stepOf, type Span } from "../time";
import { wording } from "../words";
import { csv, instant, overTime, type Answer } from "./explore/answers";
import { remember } from "./explore/history";
import { Graph, ResultTable, type Result } from "./explore/results";
import { QueryRow } from "./explore/row";
import { Examples, HistoryDialog } from "./explore/side";

const say = wording({
  title: ["Explore", "查询"],
  run: ["Run", "运行"],
  add: ["Add a query", "添加查询"],
  history: ["History", "历史"],
  graph: ["Graph", "图表"],
  table: ["Table", "表格"],
  view: ["View", "视图"],
  resolution: ["Resolution", "分辨率"],
  coarse: ["coarse", "粗"],
  medium: ["medium", "中"],
  fine: ["fine", "细"],
  every: ["every {0}", "每 {0}"],
  refresh: ["Refresh", "刷新"],
  off: ["off", "关"],
  csv: ["Download CSV", "下载 CSV"],
  copy: ["Copy link", "复制链接"],
  asking: ["Asking …", "查询中…"],
  steps: ["one value each {0}", "每 {0} 一个值"],
  at: ["at {0}", "时间：{0}"],
  tooFine: [
    "That would be more than 11,000 values for each series: a wider step is taken.",
    "每条序列将超过 11,000 个值，已自动放宽步长。",
  ],
});

const FIRST_SERIES = 50;
const MOST_VALUES = 11_000;
const POINTS: Record<string, number> = { coarse: 100, "": 300, fine: 1000 };
const STEPS = ["1s", "5s", "15s", "1m", "5m", "1h"] as const;
const REFRESHES = ["5s", "15s", "1m", "5m"] as const;
const LEAST_STEP = 1;

function letter(place: number): string {
  return String.fromCharCode(65 + (place % 26)).repeat(Math.floor(place / 26) + 1);
}

/** The step of the address: a duration, or as many values as the resolution says. */
export function stepFor(text: string, span: Span): { step: number; widened: boolean } {
  const fixed = seconds(text);
  const least = Math.ceil((span.to - span.from) / MOST_VALUES);
  if (fixed) return { step: Math.max(fixed, least), widened: fixed < least };
  return { step: stepOf(span, POINTS[text] ?? 300, LEAST_STEP), widened: false };
}

/** The span, as of the last run: queries may be dear, so time goes on only where that is wished. */
function useRunSpan(parameters: URLSearchParams, refresh: string): [Span, () => void] {
  const [now, setNow] = useState(() => Date.now() / 1000);
  const again = () => setNow(Date.now() / 1000);
  const span = spanOf(parameters, now);
  useEffect(again, [span.relative]);
  useEffect(() => {
    const every = seconds(refresh);
    if (!every || !span.relative) return;
    const timer = setInterval(() => document.hidden || again(), every * 1000);
    return () => clearInterval(timer);
  }, [refresh, span.relative]);
  return [span, again];
}

type Outcome = { answer: Answer } | { error: Error } | null;

async function outcomeOf(query: string, load: () => Promise<Answer>): Promise<Outcome> {
  if (!query) return null;
  try {
    const answer = await load();
    remember(query, answer.seconds);
    return { answer };
  } catch (error) {
    return { error: error as Error };
  }
}

export default function Explore() {
  const parameters = useAddress().searchParams;
  const exprs = parameters.getAll("expr");
  const [view, setView] = useParameter("view", "graph");
  const [stepText] = useParameter("step");
  const [refresh] = useParameter("refresh");
  const [order, setOrder] = useParameter("sort");
  const limit = Number(parameters.get("limit")) || FIRST_SERIES;
  const [span, again] = useRunSpan(parameters, refresh);
  const { step, widened } = stepFor(stepText, span);
  const [drafts, setDrafts] = useState<readonly string[]>(exprs.length ? exprs : [""]);
  const [past, setPast] = useState(false);
  const graph = view !== "table";

  useEffect(() => setDrafts(exprs.length ? exprs : [""]), [exprs.join("\u0000")]);

  const key = JSON.stringify([exprs, graph, graph ? step : 0, limit, span]);
  const loaded = useLoaded(key, async (signal) => {
    const load = (query: string) =>
      graph ? overTime(query, span, step, limit, signal) : instant(query, span.to, limit, signal);
    return {
      key,
      graph,
      span,
      step,
      exprs,
      outcomes: await Promise.all(exprs.map((query) => outcomeOf(query, () => load(query)))),
    };
  });
  const run = (queries: readonly string[]) => {
    setParameters({ expr: queries.map((query) => query.trim()).filter(Boolean) });
    again();
  };
  const put = (place: number, value: string) =>
    setDrafts((before) => before.map((each, at) => (at === place ? value : each)));
  const { data } = loaded;
  const outcome = (place: number): Outcome =>
    data && data.exprs[place] === exprs[place] ? (data.outcomes[place] ?? null) : null;
  const results: Result[] = (data?.exprs.length ? data.outcomes : []).flatMap((each, place) =>
    each && "answer" in each
      ? [
          {
            letter: (data?.exprs.length ?? 0) > 1 ? letter(place) : "",
            query: data?.exprs[place] ?? "",
            answer: each.answer,
          },
        ]
      : [],
  );
  return (
    <>
      <div class="bar">
        <h1>{say("title")}</h1>
        <span class="push" />
        <button type="button" onClick={() => setPast(true)}>
          {say("history")}
        </button>
        <RangeChoice span={span} />
        <CopyButton title={say("copy")} text={() => location.href} />
      </div>
      <div class="box">
        {drafts.map((draft, place) => {
          const found = draft.trim() === exprs[place] ? outcome(place) : null;
          return (
            <QueryRow
              key={place}
              letter={letter(place)}
              value={draft}
              answer={found && "answer" in found ? found.answer : undefined}
              error={found && "error" in found ? found.error : undefined}
              onChange={(value) => put(place, value)}
              onRun={() => run(drafts)}
              onMore={() => setParameters({ limit: String(limit * 2) }, true)}
              {...(drafts.length > 1
                ? {
                    onRemove: () => {
                      const left = drafts.filter((_, at) => at !== place);
                      setDrafts(left);
                      if (exprs[place] !== undefined) run(left);
                    },
                  }
                : {})}
            />
          );
        })}
        <div class="bar query-tools">
          <button type="button" class="primary" onClick={() => run(drafts)} title="Ctrl-Enter">
            {say("run")}
          </button>
          <button type="button" onClick={() => setDrafts((before) => [...before, ""])}>
            {say("add")}
          </button>
          <span class="push" />
          <Choices graph={graph} step={stepText} refresh={refresh} relative={Boolean(span.relative)} onView={setView} />
        </div>
      </div>
      {widened && graph ? <p class="said warn">{say("tooFine")}</p> : null}
      {exprs.length && data?.key !== key && !results.length ? <p class="dim">{say("asking")}</p> : null}
      {results.length && data ? (
        <section
          class={data.key === key ? "box" : "box asking"}
          aria-label={graph ? say("graph") : say("table")}
          aria-busy={data.key !== key}
        >
          <div class="bar">
            <span class="dim">
              {data.graph ? say("steps", `${data.step} s`) : say("at", new Date(data.span.to * 1000).toLocaleString())}
            </span>
            <button type="button" class="push" onClick={() => download(results)}>
              {say("csv")}
            </button>
          </div>
          {data.graph ? (
            <Graph results={results} span={data.span} step={data.step} />
          ) : (
            results.map((result) => (
              <ResultTable key={`${result.letter} ${result.query}`} result={result} order={order} onOrder={setOrder} />
            ))
          )}
        </section>
      ) : null}
      {exprs.length || drafts.some(Boolean) ? null : <Examples onChoose={(query) => run([query])} />}
      {past ? (
        <HistoryDialog
          onChoose={(query) => {
            const free = drafts.findIndex((draft) => !draft.trim());
            run(free < 0 ? [...drafts, query] : drafts.map((draft, at) => (at === free ? query : draft)));
          }}
          onClose={() => setPast(false)}
        />
      ) : null}
    </>
  );
}

function Choices(props: {
  graph: boolean;
  step: string;
  refresh: string;
  relative: boolean;
  onView: (view: string) => void;
}) {
  const { graph, step } = props;
  const own = step && !(step in POINTS) && !STEPS.some((each) => each === step) && seconds(step);
  return (
    <>
      {graph ? (
        <label>
          <span class="dim">{say("resolution")} </span>
          <select value={step} onChange={(event) => setParameters({ step: event.currentTarget.value })}>
            <option value="coarse">{say("coarse")}</option>
            <option value="">{say("medium")}</option>
            <option value="fine">{say("fine")}</option>
            {[...STEPS, ...(own ? [step] : [])].map((each) => (
              <option key={each} value={each}>
                {say("every", each)}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      {props.relative ? (
        <label>
          <span class="dim">{say("refresh")} </span>
          <select
            value={props.refresh}
            onChange={(event) => setParameters({ refresh: event.currentTarget.value }, true)}
          >
            <option value="">{say("off")}</option>
            {REFRESHES.map((each) => (
              <option key={each} value={each}>
                {say("every", each)}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      <div class="views" role="group" aria-label={say("view")}>
        {(["graph", "table"] as const).map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={graph === (each === "graph")}
            onClick={() => props.onView(each)}
          >
            {say(each)}
          </button>
        ))}
      </div>
    </>
  );
}

function download(results: readonly Result[]): void {
  const text = csv(results.map(({ query, answer }) => ({ query, items: answer.items })));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = `fleetgauge-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
