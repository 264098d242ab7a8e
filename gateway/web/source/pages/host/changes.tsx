// What is different between two moments: which processes came, went, grew and shrank.
import type { ComponentChildren } from "preact";
import { ask } from "../../api";
import { useParameter } from "../../address";
import { useLoaded } from "../../load";
import { Badge, Trouble } from "../../parts/small";
import { bytes, number } from "../../units";
import { chooseAgainst, clock } from "./moment";
import { fits, io, processesPath, processId, type Process, type Totals, type Usage } from "./snapshot";
import { percent, rate } from "./table";
import { say, type Word } from "./words";

interface Moved extends Process {
  before: Usage;
  difference: Usage;
}

interface Answer {
  from: { time: number; totals: Totals } | null;
  to: { time: number; totals: Totals } | null;
  appeared: (Process & { started: boolean })[];
  gone: Process[];
  grew: Moved[];
  shrank: Moved[];
}

const SORTS = ["cpu", "rss", "io"] as const;
type Sort = (typeof SORTS)[number];
const TITLES: Record<Sort, string> = { cpu: "CPU", rss: say("memoryRss"), io: say("io") };
const LIMIT = 15;
const LIVE = 5;

const amountOf = (sort: Sort, usage: Usage) => (sort === "io" ? io(usage) : usage[sort]);

function shown(sort: Sort, value: number | null): string {
  if (value === null) return "–";
  return sort === "cpu" ? percent(value) : sort === "rss" ? bytes(value) : rate(value);
}

function signed(sort: Sort, value: number | null): string {
  return value === null ? "–" : `${value > 0 ? "+" : value < 0 ? "−" : ""}${shown(sort, Math.abs(value))}`;
}

export function Changes(props: { id: string; from: number; at: number | null }) {
  const { id, at } = props;
  const [sort, setSort] = useParameter("by", "cpu");
  const by = SORTS.find((each) => each === sort) ?? "cpu";
  // Live, the earlier moment moves on with the later one: what it is now is known when it is asked.
  const loaded = useLoaded(
    `${id} ${by} ${at === null ? "live" : `${props.from} ${at}`}`,
    (signal) => {
      const to = at ?? Date.now() / 1000;
      const params = {
        from: Math.min(props.from, to).toFixed(3),
        to: Math.max(props.from, to).toFixed(3),
        sort: by,
        limit: LIMIT,
      };
      return ask<Answer>(processesPath(id, "/changes"), { params, signal });
    },
    at === null ? LIVE : 0,
  );
  const { data, error } = loaded;
  return (
    <>
      <div class="bar">
        {data?.from && data.to ? <h3>{say("changesOf", clock(data.from.time), clock(data.to.time))}</h3> : null}
        <label>
          <span class="dim">{say("by")}</span>{" "}
          <select value={by} onChange={(event) => setSort(event.currentTarget.value, true)}>
            {SORTS.map((each) => (
              <option key={each} value={each}>
                {TITLES[each]}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="push" onClick={() => chooseAgainst("")}>
          {say("showTable")}
        </button>
      </div>
      <Trouble error={error} />
      {data ? <Found data={data} sort={by} /> : error ? null : <p class="dim">{say("loading")}</p>}
    </>
  );
}

function Found(props: { data: Answer; sort: Sort }) {
  const { data, sort } = props;
  const { from, to } = data;
  if (!from || !to) return <p class="dim">{say("noSnapshots")}</p>;
  if (from.time === to.time) return <p class="dim">{say("sameSnapshot")}</p>;
  return (
    <>
      <TotalsMoved from={from.totals} to={to.totals} />
      <div class="changes">
        <List title="grew" rows={data.grew} sort={sort} />
        <List title="shrank" rows={data.shrank} sort={sort} />
        <List title="appeared" rows={data.appeared} sort={sort} />
        <List title="gone" rows={data.gone} sort={sort} hint={say("goneHint")} />
      </div>
    </>
  );
}

function TotalsMoved(props: { from: Totals; to: Totals }) {
  const { from, to } = props;
  const parts: [string, number | null, number | null, (value: number | null) => string][] = [
    ["CPU", from.cpu, to.cpu, percent],
    [say("memoryRss"), from.memory_used, to.memory_used, (value) => (value === null ? "–" : bytes(value))],
    [say("readRate"), from.read, to.read, rate],
    [say("writeRate"), from.write, to.write, rate],
    [say("sectionProcesses"), from.processes, to.processes, (value) => (value === null ? "–" : number(value, 6))],
  ];
  return (
    <dl class="facts">
      {parts.map(([name, before, after, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {text(before)} → {text(after)}
          </dd>
        </div>
      ))}
    </dl>
  );
}

type Row = Process & { started?: boolean; before?: Usage; difference?: Usage };

function List(props: { title: Word; rows: readonly Row[]; sort: Sort; hint?: string }) {
  const { sort } = props;
  const [filter] = useParameter("q");
  const rows = filter ? props.rows.filter((row) => fits(row, filter)) : props.rows;
  const moved = rows.some((row) => row.difference);
  return (
    <section aria-label={say(props.title)}>
      <h3>
        {say(props.title)} <span class="dim">{props.hint}</span>
      </h3>
      {rows.length ? (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th>{say("name")}</th>
                <th class="numeric">{say("pid")}</th>
                <th>{say("user")}</th>
                {moved ? (
                  <Heads titles={[say("was"), say("is"), say("difference")]} />
                ) : (
                  <Heads titles={SORTS.map((each) => TITLES[each])} />
                )}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={processId(row)}>
                  <td>
                    <Name row={row} /> {row.started ? <Badge kind="good">{say("startedSince")}</Badge> : null}
                  </td>
                  <td class="numeric">{row.pid}</td>
                  <td>{row.user}</td>
                  {row.before && row.difference ? (
                    <Cells
                      values={[
                        shown(sort, amountOf(sort, row.before)),
                        shown(sort, amountOf(sort, row)),
                        <b key="d">{signed(sort, amountOf(sort, row.difference))}</b>,
                      ]}
                    />
                  ) : (
                    <Cells values={SORTS.map((each) => shown(each, amountOf(each, row)))} />
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <p class="dim">{say("noneHere")}</p>
      )}
    </section>
  );
}

function Heads(props: { titles: readonly string[] }) {
  return (
    <>
      {props.titles.map((title) => (
        <th key={title} class="numeric">
          {title}
        </th>
      ))}
    </>
  );
}

function Cells(props: { values: readonly ComponentChildren[] }) {
  return (
    <>
      {props.values.map((value, place) => (
        <td key={place} class="numeric">
          {value}
        </td>
      ))}
    </>
  );
}

function Name(props: { row: Process }) {
  const [, open] = useParameter("process");
  const { row } = props;
  return (
    <button
      type="button"
      class="link"
      title={`${row.command || row.name}\n${say("historyOpen", row.name)}`}
      onClick={() => open(processId(row))}
    >
      {row.name}
    </button>
  );
}
