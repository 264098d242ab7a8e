// What queries came to, drawn: as lines over time, or as a table of what is at the end of the range.
import { useMemo, useState } from "preact/hooks";
import { Chart, type Line } from "../../parts/chart";
import { hues } from "../../parts/hues";
import type { Span } from "../../time";
import { number } from "../../units";
import { wording } from "../../words";
import { seriesName, samplesOf, type Answer, type Item } from "./answers";

const say = wording({
  graph: ["Graph", "图表"],
  table: ["Table", "表格"],
  series: ["Series", "序列"],
  value: ["Value", "值"],
  last: ["Last", "最新"],
  nothing: ["The query came to nothing.", "查询没有结果。"],
  noLabels: ["(no labels)", "（无标签）"],
  histograms: ["Histograms have no line; the table shows them.", "直方图没有曲线，请查看表格。"],
  earlier: ["… and {0} samples before", "……之前还有 {0} 个样本"],
});

const SAMPLES_SHOWN = 100;

export interface Result {
  /** `A`, `B`, …; empty when there is one query. */
  letter: string;
  query: string;
  answer: Answer;
}

function named(letter: string, item: Item): string {
  const name = seriesName(item.metric) || say("noLabels");
  return letter ? `${letter}: ${name}` : name;
}

export function Graph(props: { results: readonly Result[]; span: Span; step: number }) {
  const [focus, setFocus] = useState("");
  const lines = useMemo(() => {
    const found = props.results.flatMap(({ letter, answer }) =>
      answer.items.map(
        (item): Line => ({
          name: named(letter, item),
          points: (item.values ?? []).map(([time, value]) => [time, Number(value)] as const),
        }),
      ),
    );
    const colours = hues(found.map((line) => line.name));
    return found.map((line): Line => ({ ...line, colour: colours.get(line.name) ?? "" }));
  }, [props.results]);
  const histograms = props.results.some(({ answer }) => answer.items.some((item) => item.histograms));
  if (!lines.length) return <p class="dim">{say("nothing")}</p>;
  return (
    <>
      <Chart
        title={say("graph")}
        lines={lines}
        span={props.span}
        unit="number"
        step={props.step}
        height={340}
        many
        focus={focus}
        onFocus={setFocus}
      />
      {histograms ? <p class="dim">{say("histograms")}</p> : null}
      <div class="scroll series-list" tabIndex={0} role="region" aria-label={say("series")}>
        <table>
          <caption class="hidden">{say("series")}</caption>
          <thead>
            <tr>
              <th>{say("series")}</th>
              <th class="numeric">{say("last")}</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr
                key={line.name}
                class={line.name === focus ? "focused" : ""}
                onMouseEnter={() => setFocus(line.name)}
                onMouseLeave={() => setFocus("")}
              >
                <td>
                  <span class="legend">
                    <i class="dot" style={{ background: line.colour ?? "" }} />
                    <code>{line.name}</code>
                  </span>
                </td>
                <td class="numeric">{number(line.points.at(-1)?.[1] ?? Number.NaN, 6)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Samples(props: { item: Item; kind: Answer["kind"] }) {
  const samples = samplesOf(props.item);
  if (props.kind !== "matrix") return <>{samples[0]?.[1] ?? "–"}</>;
  const shown = samples.slice(-SAMPLES_SHOWN);
  return (
    <>
      {samples.length > shown.length ? <div class="dim">{say("earlier", samples.length - shown.length)}</div> : null}
      {shown.map(([time, value]) => (
        <div key={time}>
          {value} <span class="dim">@ {new Date(time * 1000).toLocaleString()}</span>
        </div>
      ))}
    </>
  );
}

function SeriesCell(props: { item: Item }) {
  const { __name__: name = "", ...labels } = props.item.metric;
  const pairs = Object.entries(labels);
  if (!name && !pairs.length) return <span class="dim">{say("noLabels")}</span>;
  return (
    <code>
      <strong>{name}</strong>
      {pairs.length ? "{" : ""}
      {pairs.map(([label, value], place) => (
        <>
          {place ? ", " : ""}
          <span class="label-name">{label}</span>=<span class="label-value">{JSON.stringify(value)}</span>
        </>
      ))}
      {pairs.length ? "}" : ""}
    </code>
  );
}

/** The order in the address: `value`, `-value` or that of the gateway. */
export function sorted(items: readonly Item[], order: string): readonly Item[] {
  if (!order) return items;
  const sign = order.startsWith("-") ? -1 : 1;
  const of = (item: Item) => Number(item.value?.[1] ?? Number.NaN);
  if (order.endsWith("value")) return [...items].sort((a, b) => sign * ((of(a) || 0) - (of(b) || 0)));
  const name = (item: Item) => seriesName(item.metric);
  return [...items].sort((a, b) => sign * name(a).localeCompare(name(b), undefined, { numeric: true }));
}

export function ResultTable(props: { result: Result; order: string; onOrder: (order: string) => void }) {
  const { letter, query, answer } = props.result;
  if (!answer.items.length) return <p class="dim">{letter ? `${letter}: ${say("nothing")}` : say("nothing")}</p>;
  const head = (key: string, title: string, numeric = false) => {
    const on = props.order.replace("-", "") === key;
    const down = props.order.startsWith("-");
    const next = on ? (down ? key : `-${key}`) : numeric ? `-${key}` : key;
    return (
      <th class={numeric ? "numeric" : ""} aria-sort={on ? (down ? "descending" : "ascending") : "none"}>
        <button type="button" onClick={() => props.onOrder(next)}>
          {title}
          {on ? (down ? " ↓" : " ↑") : ""}
        </button>
      </th>
    );
  };
  const plain = answer.kind === "vector" || answer.kind === "scalar";
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${say("table")} ${letter}`}>
      <table>
        <caption class={letter ? "query-caption" : "hidden"}>
          {letter} <code>{query}</code>
        </caption>
        <thead>
          <tr>
            {head("series", say("series"))}
            {head("value", say("value"), true)}
          </tr>
        </thead>
        <tbody>
          {sorted(answer.items, props.order).map((item) => (
            <tr key={seriesName(item.metric)}>
              <td class="wrap">
                <SeriesCell item={item} />
              </td>
              <td class={plain && !item.histogram ? "numeric" : "numeric wrap"}>
                <Samples item={item} kind={answer.kind} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
