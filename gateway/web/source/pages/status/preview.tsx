// What the queries of rules come to now.
import { ask, type LabelSet, type Sample } from "../../api";
import { useLoaded } from "../../load";
import { Badge, Trouble } from "../../parts/small";
import { wording } from "../../words";
import { Loading } from "./parts";
import type { Query } from "./rulefile";

const say = wording({
  title: ["Now", "当前结果"],
  none: ["no result: no alert", "无结果：不会告警"],
  noneRecorded: ["no result", "无结果"],
  results: ["Results: {0}", "结果：{0}"],
  more: ["and {0} more", "还有 {0} 个"],
  cut: ["Only the first {0} rules are evaluated.", "仅对前 {0} 条规则求值。"],
  explore: ["Explore", "查询"],
});

/** A preview is for a look, not for a pack. */
const MOST_RULES = 50;
const SHOWN = 5;

interface Result {
  resultType: string;
  result: { metric: LabelSet; value: Sample }[] | Sample;
}

interface Found {
  query: Query;
  rows: { metric: LabelSet; value: Sample }[];
  error?: Error;
}

async function evaluated(query: Query, signal: AbortSignal): Promise<Found> {
  try {
    const params = { query: query.query, limit: 1000 };
    const { resultType, result } = await ask<Result>("/api/v1/query", { params, signal });
    const rows = resultType === "vector" ? (result as Found["rows"]) : [{ metric: {}, value: result as Sample }];
    return { query, rows };
  } catch (error) {
    if (signal.aborted) throw error;
    return { query, rows: [], error: error as Error };
  }
}

export function Preview(props: { queries: readonly Query[] }) {
  const asked = props.queries.slice(0, MOST_RULES);
  const found = useLoaded(JSON.stringify(asked), async (signal) => {
    const all: Found[] = [];
    for (const query of asked) all.push(await evaluated(query, signal));
    return all;
  });
  return (
    <section class="box">
      <h2>{say("title")}</h2>
      <Trouble error={found.error} />
      {found.data || found.error ? null : <Loading />}
      {props.queries.length > MOST_RULES ? <p class="dim">{say("cut", MOST_RULES)}</p> : null}
      <ul class="plain evaluated">
        {(found.data ?? []).map(({ query, rows, error }) => (
          <li key={`${query.line} ${query.name}`}>
            <strong>{query.name}</strong>{" "}
            {error ? null : rows.length ? (
              <Badge kind={query.type === "alerting" ? "warn" : "good"}>{say("results", rows.length)}</Badge>
            ) : (
              <Badge kind="dim">{query.type === "alerting" ? say("none") : say("noneRecorded")}</Badge>
            )}{" "}
            <a href={`/explore?expr=${encodeURIComponent(query.query)}`}>{say("explore")}</a>
            <Trouble error={error} />
            <div class="scroll">
              <table>
                <tbody>
                  {rows.slice(0, SHOWN).map((row) => (
                    <tr key={JSON.stringify(row.metric)}>
                      <td>
                        <code>{labelsText(row.metric)}</code>
                      </td>
                      <td class="numeric">{row.value?.[1] ?? ""}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {rows.length > SHOWN ? <p class="dim">{say("more", rows.length - SHOWN)}</p> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Labels as selectors have them. */
export function labelsText(labels: LabelSet): string {
  const { __name__: name = "", ...rest } = labels;
  return `${name}{${Object.entries(rest)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(", ")}}`;
}
