// What alerts did: who fired when, each episode with its evidence, and what they come to.
import { useEffect, useState } from "preact/hooks";
import { ask } from "../../api";
import { setParameters, useAddress, useParameter } from "../../address";
import { useLoaded } from "../../load";
import { useSpan, type Span } from "../../time";
import { duration, written } from "../../units";
import { wording } from "../../words";
import { Badge, Trouble } from "../../parts/small";
import { RangeChoice } from "../../parts/range";
import { Fact } from "./details";
import { Evidence } from "./evidence";
import { hostOf, nameOf, webAddress, type Episode } from "./model";
import { Statistics } from "./statistics";
import { Strip } from "./strip";
import { Empty, Labels, Loading, Severity, Source, Target, Written } from "./text";
import { say } from "./words";

const here = wording({
  nothing: ["Nothing fired", "没有触发记录"],
  nothingText: ["No alert fired in this time that fits what you chose.", "所选时间内没有符合条件的告警。"],
  words: ["Words, such as postgres", "关键词，如 postgres"],
  match: ['{severity="page"}', '{severity="page"}'],
  name: ["Alert name", "告警名"],
  episodes: ["Episodes", "经过"],
  statistics: ["Statistics", "统计"],
  view: ["What is listed", "列表内容"],
  still: ["for {0}, still firing", "已持续 {0}，仍在触发"],
  lasted: ["lasted {0}", "持续 {0}"],
  notExact: ["nobody saw when it ended: the gateway was down", "网关当时未运行，结束时间不确切"],
  older: ["Older", "更早"],
  newest: ["Newest", "最新"],
  open: ["Details of {0}", "{0} 的详情"],
  ended: ["Ended", "结束于"],
  began: ["Began", "开始于"],
  means: ["What it means", "说明"],
  clear: ["Clear", "清除"],
});

export const WEEK = "7d";
const PAGE = 50;
const DRAWN = 1000;
const FILTERS = ["name", "match", "search", "state"] as const;
type Filter = (typeof FILTERS)[number];

interface Listed {
  episodes: Episode[];
  next: number | null;
}

/** What the address chooses, as the gateway takes it; without times the key changes only by choice. */
function useChosen(): { params: Record<string, string>; span: Span; key: string } {
  const parameters = useAddress().searchParams;
  const span = useSpan(15, WEEK);
  const of = (name: Filter) => parameters.get(name) ?? "";
  const params = {
    name: of("name"),
    search: of("search"),
    state: of("state"),
    "match[]": of("match"),
    start: String(span.from),
    end: String(span.to),
  };
  const times = span.relative || `${span.from} ${span.to}`;
  return { params, span, key: JSON.stringify([times, ...FILTERS.map(of)]) };
}

export function History() {
  const { params, span, key } = useChosen();
  const [view, setView] = useParameter("view", "episodes");
  const [before] = useParameter("before");
  const every = span.relative ? 15 : 0;
  const drawn = useLoaded(`strip ${key}`, (signal) => listed({ ...params, limit: String(DRAWN) }, signal), every);
  const page = useLoaded(
    `page ${before} ${key}`,
    (signal) => listed({ ...params, before, limit: String(PAGE) }, signal),
    every,
  );
  return (
    <>
      <Filters span={span} />
      <Trouble error={page.error} />
      {!page.data ? page.error ? null : <Loading /> : null}
      {drawn.data?.episodes.length ? (
        <Strip episodes={drawn.data.episodes} span={span} isCut={drawn.data.next !== null} />
      ) : null}
      <div class="bar">
        <div class="al-choice" role="group" aria-label={here("view")}>
          {(["episodes", "statistics"] as const).map((each) => (
            <button key={each} type="button" aria-pressed={view === each} onClick={() => setView(each)}>
              {here(each)}
            </button>
          ))}
        </div>
      </div>
      {view === "statistics" ? (
        <Statistics params={params} id={key} every={every} />
      ) : page.data ? (
        <Episodes page={page.data} before={before} />
      ) : null}
    </>
  );
}

async function listed(params: Record<string, string>, signal: AbortSignal): Promise<Listed> {
  return ask<Listed>("/api/v1/alerts/history", { params, signal });
}

function Filters(props: { span: Span }) {
  const parameters = useAddress().searchParams;
  const set = (name: Filter, value: string, replace = false) => setParameters({ [name]: value, before: "" }, replace);
  const isAny = FILTERS.some((name) => parameters.get(name));
  return (
    <div class="bar">
      <Field name="search" text={here("words")} value={parameters.get("search") ?? ""} set={set} />
      <Field name="name" text={here("name")} value={parameters.get("name") ?? ""} set={set} />
      <Field name="match" text={`${say("labels")}: ${here("match")}`} value={parameters.get("match") ?? ""} set={set} />
      <select
        aria-label={say("state")}
        value={parameters.get("state") ?? ""}
        onChange={(event) => set("state", event.currentTarget.value)}
      >
        <option value="">{say("all")}</option>
        <option value="firing">{say("firing")}</option>
        <option value="resolved">{say("resolved")}</option>
      </select>
      {isAny ? (
        <button type="button" onClick={() => setParameters({ name: "", match: "", search: "", state: "", before: "" })}>
          {here("clear")}
        </button>
      ) : null}
      <span class="push">
        <RangeChoice span={props.span} standard={WEEK} />
      </span>
    </div>
  );
}

/** A field that asks when one is done typing: half a selector is none. */
function Field(props: { name: Filter; text: string; value: string; set: (name: Filter, value: string) => void }) {
  const [typed, setTyped] = useState(props.value);
  useEffect(() => setTyped(props.value), [props.value]);
  return (
    <input
      class="al-find"
      type="search"
      placeholder={props.text}
      aria-label={props.text}
      value={typed}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onChange={(event) => props.set(props.name, event.currentTarget.value.trim())}
    />
  );
}

function Episodes(props: { page: Listed; before: string }) {
  const { episodes, next } = props.page;
  return (
    <>
      {episodes.length ? (
        <section class="box al-group" aria-label={here("episodes")}>
          {episodes.map((each) => (
            <One key={each.number} episode={each} />
          ))}
        </section>
      ) : (
        <Empty title={here("nothing")} text={here("nothingText")} />
      )}
      {props.before || next !== null ? (
        <div class="al-lengths">
          <button type="button" disabled={!props.before} onClick={() => setParameters({ before: "", episode: "" })}>
            ‹ {here("newest")}
          </button>
          <button
            type="button"
            disabled={next === null}
            onClick={() => setParameters({ before: String(next), episode: "" })}
          >
            {here("older")} ›
          </button>
        </div>
      ) : null}
    </>
  );
}

function One({ episode }: { episode: Episode }) {
  const [chosen] = useParameter("episode");
  const { labels, annotations } = episode;
  const isOpen = chosen === String(episode.number);
  const name = `${nameOf(labels)} ${hostOf(labels)}`.trim();
  const isFiring = episode.state === "firing";
  return (
    <article class="al-row">
      <div class="al-line">
        <button
          type="button"
          class="al-fold"
          aria-expanded={isOpen}
          title={here("open", name)}
          onClick={() => setParameters({ episode: isOpen ? "" : String(episode.number), processes: "", all: "" })}
        >
          <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span>
          <strong>{nameOf(labels)}</strong>
          <span>{hostOf(labels)}</span>
        </button>
        <Severity labels={labels} />
        {isFiring ? <Badge kind="bad">{say("firing")}</Badge> : null}
        <span class="al-what">{annotations.summary ?? ""}</span>
        {episode.summary && !isOpen ? <span class="al-hint dim">{episode.summary}</span> : null}
        <span class="al-side">
          <span>{written(episode.fired, "time")}</span>
          <span class="dim">{here(isFiring ? "still" : "lasted", duration(episode.lasted))}</span>
        </span>
      </div>
      {isOpen ? <OpenEpisode episode={episode} /> : null}
    </article>
  );
}

function OpenEpisode({ episode }: { episode: Episode }) {
  const { labels, annotations } = episode;
  const runbook = annotations.runbook_url ?? annotations.runbook;
  const text = annotations.description ?? annotations.message;
  return (
    <div class="al-details">
      <dl class="al-facts">
        <Fact name={say("labels")}>
          <Labels labels={labels} />
        </Fact>
        {text ? (
          <Fact name={here("means")}>
            <span class="al-lines">
              <Written text={text} />
            </span>
          </Fact>
        ) : null}
        <Fact name={here("began")}>{written(episode.fired, "time")}</Fact>
        {episode.resolved === null ? null : (
          <Fact name={here("ended")}>
            {written(episode.resolved, "time")}
            {episode.resolved_is_exact ? null : <span class="dim"> ({here("notExact")})</span>}
          </Fact>
        )}
        {runbook ? (
          <Fact name={say("runbook")}>
            <Target to={runbook} />
          </Fact>
        ) : null}
        {webAddress(episode.generator_url) ? (
          <Fact name={say("source")}>
            <Source address={episode.generator_url} />
          </Fact>
        ) : null}
      </dl>
      <h3>{say("evidence")}</h3>
      <Evidence number={episode.number} />
    </div>
  );
}
