// Hosts beside each other by one measure, on one axis; and now beside an earlier time.
import { useMemo, useState } from "preact/hooks";
import { ask, type Agent } from "../api";
import { setParameters, useAddress, useParameter } from "../address";
import { useLoaded } from "../load";
import { Chart, type Line } from "../parts/chart";
import { CopyButton } from "../parts/copy";
import { hues } from "../parts/hues";
import { RangeChoice } from "../parts/range";
import { Trouble } from "../parts/small";
import { seconds, useSpan, type Span } from "../time";
import { wording } from "../words";
import { chosenOf, compare, NONE, type Comparison } from "./compare/data";
import { Everything } from "./compare/everything";
import { HostChoice } from "./compare/hosts";
import { GROUPS, measureTitle, STANDARD_MEASURE, unitOf, type Measure } from "./compare/measures";
import { Processes } from "./compare/processes";
import { StatisticsTable } from "./compare/statistics";

const say = wording({
  title: ["Compare hosts", "主机对比"],
  measure: ["Measure", "指标"],
  own: ["Own expression …", "自定义表达式…"],
  ownHelp: ["PromQL with $instance for the host", "PromQL，用 $instance 表示主机"],
  apply: ["Apply", "应用"],
  against: ["Against", "对照"],
  nothing: ["nothing", "无"],
  "1h": ["an hour before", "一小时前"],
  "1d": ["yesterday", "昨天"],
  "1w": ["last week", "上周"],
  "4w": ["four weeks before", "四周前"],
  earlier: ["{0} earlier", "{0} 前"],
  copy: ["Copy link", "复制链接"],
  loading: ["Loading …", "加载中…"],
  noAgents: [
    "There are no hosts yet. The overview shows the command to add one.",
    "还没有主机。总览页面有添加主机的命令。",
  ],
  choose: ["Choose the hosts to compare.", "请选择要对比的主机。"],
  noValues: ["None of these hosts has values of this measure at that time.", "这些主机在这段时间没有该指标的数据。"],
  unknown: ["There is no host {0}.", "没有主机 {0}。"],
  custom: ["Own expression", "自定义表达式"],
});

const OFFSETS = ["1h", "1d", "1w", "4w"] as const;
const OWN = "own";

/** The address of this page with the times as they are now: for somebody who opens it later. */
function lasting(span: Span): string {
  const address = new URL(location.href);
  address.searchParams.delete("range");
  address.searchParams.set("from", span.from.toFixed(3));
  address.searchParams.set("to", span.to.toFixed(3));
  return address.href;
}

function linesOf(comparison: Comparison, colours: ReadonlyMap<string, string>): Line[] {
  const points = (values: readonly (number | null)[]) =>
    values.flatMap((value, place): [number, number][] =>
      value === null ? [] : [[comparison.times[place] ?? 0, value]],
    );
  return comparison.agents.flatMap((agent): Line[] => {
    const colour = colours.get(agent.name) ?? "";
    const now = { name: agent.name, colour, points: points(agent.values) };
    return agent.before
      ? [now, { name: `${agent.name} ⟲`, colour, dashed: true, points: points(agent.before.values) }]
      : [now];
  });
}

export default function Compare() {
  const agents = useLoaded("agents", (signal) => ask<Agent[]>("/api/v1/agents", { signal }), 60);
  if (agents.data?.length) return <Compared agents={agents.data} />;
  return (
    <>
      <h1>{say("title")}</h1>
      <Trouble error={agents.error} />
      {agents.data ? (
        <p class="box">
          <a href="/">{say("noAgents")}</a>
        </p>
      ) : agents.error ? null : (
        <p class="dim">{say("loading")}</p>
      )}
    </>
  );
}

function Compared(props: { agents: readonly Agent[] }) {
  const parameters = useAddress().searchParams;
  const span = useSpan();
  const chosen = chosenOf(parameters.get("agents") ?? "", props.agents);
  const metric = parameters.get("metric") ?? STANDARD_MEASURE;
  const expr = parameters.get("expr") ?? "";
  const offset = parameters.get("offset") ?? "";
  const [order, setOrder] = useParameter("sort", "-average");
  const [focus, setFocus] = useState("");
  const wanted = { hosts: chosen, metric, expr, offset, span };
  const loaded = useLoaded(JSON.stringify(wanted), async (signal) =>
    chosen.length ? compare(wanted, signal) : undefined,
  );
  const comparison = chosen.length ? loaded.data : undefined;
  const names = comparison?.agents.map((agent) => agent.name) ?? [];
  const colours = useMemo(() => hues(names), [names.join("\n")]);
  const lines = useMemo(() => (comparison ? linesOf(comparison, colours) : []), [comparison, colours]);
  const title = expr ? say("custom") : measureTitle(metric as Measure);
  const unit = unitOf(comparison?.unit ?? "");
  return (
    <>
      <div class="bar">
        <h1>{say("title")}</h1>
        <span class="push" />
        <RangeChoice span={span} />
        <CopyButton title={say("copy")} text={() => lasting(span)} />
      </div>
      <div class="box">
        <HostChoice
          agents={props.agents}
          chosen={chosen}
          colours={colours}
          onChoose={(some) => setParameters({ agents: some.join(",") || NONE }, true)}
        />
        <MeasureChoice metric={metric} expr={expr} offset={offset} />
      </div>
      <Trouble error={loaded.error} />
      {comparison?.unknown.map((name) => (
        <p class="trouble" key={name}>
          {say("unknown", name)}
        </p>
      ))}
      {chosen.length ? null : <p class="box">{say("choose")}</p>}
      {chosen.length && !comparison && !loaded.error ? <p class="dim">{say("loading")}</p> : null}
      {comparison?.agents.length ? (
        <section class="box" aria-label={title}>
          <Chart
            title={title}
            lines={lines}
            span={span}
            unit={unit}
            step={comparison.step}
            height={340}
            many
            focus={focus}
            onFocus={setFocus}
          />
          {lines.some((line) => line.points.length) ? null : <p class="dim">{say("noValues")}</p>}
          <StatisticsTable
            comparison={comparison}
            unit={unit}
            span={span}
            colours={colours}
            order={order}
            focus={focus}
            onOrder={setOrder}
            onFocus={setFocus}
          />
        </section>
      ) : null}
      {chosen.length === 1 ? (
        <Everything
          host={chosen[0] ?? ""}
          offset={offset}
          span={span}
          onMeasure={(name) => setParameters({ metric: name, expr: "" })}
        />
      ) : null}
      {names.length ? <Processes names={names} span={span} colours={colours} /> : null}
    </>
  );
}

function MeasureChoice(props: { metric: string; expr: string; offset: string }) {
  const { metric, expr, offset } = props;
  const [own, setOwn] = useState(Boolean(expr));
  const choose = (value: string) => {
    setOwn(value === OWN);
    if (value !== OWN) setParameters({ metric: value === STANDARD_MEASURE ? "" : value, expr: "" });
  };
  const named = (each: string) => (OFFSETS.find((other) => other === each) ? say(each as "1d") : say("earlier", each));
  const offsets: string[] =
    offset && !OFFSETS.some((each) => each === offset) && seconds(offset) ? [...OFFSETS, offset] : [...OFFSETS];
  return (
    <div class="bar compare-choice">
      <label>
        <span class="dim">{say("measure")} </span>
        <select value={own || expr ? OWN : metric} onChange={(event) => choose(event.currentTarget.value)}>
          {(Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((group) => (
            <optgroup key={group} label={measureTitle(group)}>
              {GROUPS[group].map((each) => (
                <option key={each} value={each}>
                  {measureTitle(each)}
                </option>
              ))}
            </optgroup>
          ))}
          <option value={OWN}>{say("own")}</option>
        </select>
      </label>
      <label>
        <span class="dim">{say("against")} </span>
        <select value={offset} onChange={(event) => setParameters({ offset: event.currentTarget.value })}>
          <option value="">{say("nothing")}</option>
          {offsets.map((each) => (
            <option key={each} value={each}>
              {named(each)}
            </option>
          ))}
        </select>
      </label>
      {own || expr ? (
        <form
          class="own"
          onSubmit={(event) => {
            event.preventDefault();
            setParameters({ expr: String(new FormData(event.currentTarget).get("expr") ?? "").trim(), metric: "" });
          }}
        >
          <input
            key={expr}
            name="expr"
            required
            spellcheck={false}
            aria-label={say("ownHelp")}
            placeholder={`${say("ownHelp")}: max(node_load1{instance="$instance"})`}
            defaultValue={expr}
          />
          <button>{say("apply")}</button>
        </form>
      ) : null}
    </div>
  );
}
