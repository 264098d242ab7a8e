// All hosts at a glance. Asks every second while it is looked at; only what is new is drawn again.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { go, setParameters, useAddress } from "../address";
import { ask } from "../api";
import { useLoaded } from "../load";
import { Trouble } from "../parts/small";
import { Dialog } from "../shell";
import { ago } from "../units";
import { Adding } from "./overview/adding";
import { Bar, Totals } from "./overview/bar";
import { fits, Memory, parts, sorted, tags, type Host, type Overview as Seen, type Told } from "./overview/model";
import { Row } from "./overview/row";
import { say } from "./overview/words";

const EVERY_S = 1;
/** A list that is sorted by what changes is sorted again so often: rows that jump cannot be read. */
const SETTLED_S = 5;
const FIRST_ROWS = 60;
const MORE_ROWS = 80;

const COLUMNS = ["status", "name", "cpu", "memory", "disk", "network", "load", "uptime", "alerts"] as const;
const RISING = new Set(["name", "status"]);

export default function Overview() {
  const memory = useRef<Memory>();
  memory.current ??= new Memory();
  const seen = useLoaded(
    "overview",
    async (signal) => {
      const known = memory.current!;
      const now = Date.now() / 1000;
      const points = known.wantsCourses(now) ? 40 : 0;
      return known.take(await ask<Told>("/api/v1/overview", { params: { points }, signal }), now);
    },
    EVERY_S,
  );
  if (!seen.data) return seen.error ? <Trouble error={seen.error} /> : <p class="dim">{say("loading")}</p>;
  if (!seen.data.hosts.length) return <Empty error={seen.error} />;
  return <Hosts overview={seen.data} error={seen.error} />;
}

function Empty(props: { error: Error | undefined }) {
  return (
    <section class="box no-hosts">
      <h1>{say("empty")}</h1>
      <Trouble error={props.error} />
      <Adding known={[]} />
    </section>
  );
}

function Hosts(props: { overview: Seen; error: Error | undefined }) {
  const { overview, error } = props;
  const { hosts } = overview;
  const parameters = useAddress().searchParams;
  const read = (name: string) => parameters.get(name) ?? "";
  const [q, group, status, by, adding] = [read("q"), read("group"), read("status"), read("by"), read("add")];
  const sort = read("sort") || "name";
  const picked = useMemo(() => new Set(read("pick").split(",").filter(Boolean)), [read("pick")]);
  const search = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useKeys(search, list);

  const every = useMemo(() => [...new Set(hosts.flatMap(tags))].sort(), [hosts]);
  const labels = useMemo(() => [...new Set(hosts.flatMap((host) => Object.keys(host.labels)))].sort(), [hosts]);
  const places = usePlaces(hosts, sort, overview.time);
  const found = hosts.filter((host) => fits(host, { q, group, status }));
  found.sort((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));

  let room = useMore(found.length);
  const shown = parts(found, by, say("without")).map((part) => {
    const drawn = part.hosts.slice(0, Math.max(room, 0));
    room -= drawn.length;
    return { ...part, drawn };
  });

  const clicked = (event: Event) => {
    const target = event.target as HTMLElement;
    const { pick, tag } = target.dataset;
    if (pick) {
      const next = new Set(picked);
      if (!next.delete(pick)) next.add(pick);
      setParameters({ pick: [...next].join(",") }, true);
    } else if (tag) {
      setParameters({ group: tag === group ? "" : tag });
    } else if (!target.closest("a, button, input") && !getSelection()?.toString()) {
      const link = target.closest(".host-row")?.querySelector<HTMLAnchorElement>("a[data-host]");
      if (link) go(link.pathname);
    }
  };
  return (
    <>
      <Totals overview={overview} status={status} />
      <Bar
        search={search}
        {...{ q, group, by, sort, labels }}
        tags={every}
        picked={[...picked]}
        onAdd={() => setParameters({ add: "1" })}
      />
      {error ? (
        <p class="trouble" role="alert">
          {say("lost", ago(overview.time), error.message)}
        </p>
      ) : null}
      {overview.problems.map((problem) => (
        <p key={problem} class="trouble">
          {problem}
        </p>
      ))}
      <div
        class="hosts box"
        role="table"
        aria-label={say("title")}
        aria-rowcount={found.length + 1}
        ref={list}
        onClick={clicked}
      >
        <Head sort={sort} />
        {shown.map((part) => (
          <div key={part.title} role="rowgroup">
            {by ? (
              <div class="host-part" role="row">
                <span role="rowheader">
                  {by === "status" ? say(part.title as "online") : part.title}{" "}
                  <span class="dim">{part.hosts.length}</span>
                </span>
              </div>
            ) : null}
            {part.drawn.map((host) => (
              <Row key={host.id} host={host} picked={picked.has(host.name)} />
            ))}
          </div>
        ))}
      </div>
      {found.length ? null : (
        <p class="no-hosts" role="status">
          {say("nothing")}
          <button type="button" onClick={() => setParameters({ q: "", group: "", status: "" })}>
            {say("showAll")}
          </button>
        </p>
      )}
      {adding ? (
        <Dialog title={say("add")} onClose={() => setParameters({ add: "" }, true)}>
          <Adding known={hosts.map((host) => host.name)} />
        </Dialog>
      ) : null}
    </>
  );
}

function Head(props: { sort: string }) {
  const name = props.sort.replace(/^-/, "");
  const falling = props.sort.startsWith("-");
  const next = (column: string) => {
    if (column === name) return falling ? column : `-${column}`;
    return RISING.has(column) ? column : `-${column}`;
  };
  return (
    <div role="rowgroup" class="host-head">
      <div class="host-row" role="row">
        <span role="columnheader" class="host-pick">
          <span class="hidden">{say("select", "")}</span>
        </span>
        {COLUMNS.map((column) => (
          <span
            key={column}
            role="columnheader"
            class={`host-${column}`}
            aria-sort={column === name ? (falling ? "descending" : "ascending") : "none"}
          >
            <button type="button" onClick={() => setParameters({ sort: next(column) === "name" ? "" : next(column) })}>
              {say(column)}
              {column === name ? (falling ? " ↓" : " ↑") : ""}
            </button>
          </span>
        ))}
      </div>
    </div>
  );
}

/** How many rows are drawn: those on the screen at once, the others when the browser has time. */
function useMore(all: number): number {
  const [drawn, setDrawn] = useState(FIRST_ROWS);
  useEffect(() => {
    if (drawn >= all) return;
    const more = () => setDrawn((before) => before + MORE_ROWS);
    if (!("requestIdleCallback" in window)) {
      const timer = setTimeout(more, 50);
      return () => clearTimeout(timer);
    }
    const idle = requestIdleCallback(more, { timeout: 500 });
    return () => cancelIdleCallback(idle);
  }, [drawn, all]);
  return drawn;
}

/** Where each host stands in the order; it stays for a moment though values change. */
function usePlaces(hosts: readonly Host[], sort: string, time: number): Map<string, number> {
  const ids = hosts.length;
  return useMemo(
    () => new Map(sorted(hosts, sort).map((host, place) => [host.id, place])),
    [sort, ids, Math.floor(time / SETTLED_S)],
  );
}

/** `/` filters, arrows go from host to host, x selects one. Enter opens it, as it opens any link. */
function useKeys(search: { current: HTMLInputElement | null }, list: { current: HTMLDivElement | null }): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const focused = document.activeElement as HTMLElement | null;
      const typing = focused?.matches("input:not([type=checkbox]), select, textarea") ?? false;
      const row = focused?.closest(".host-row");
      if (event.key === "/" && !typing) search.current?.focus();
      else if (event.key === "Escape" && focused === search.current) search.current?.blur();
      else if (event.key === "x" && row && !typing) row.querySelector<HTMLElement>("[data-pick]")?.click();
      else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (typing && focused !== search.current) return;
        const links = [...(list.current?.querySelectorAll<HTMLElement>("a[data-host]") ?? [])];
        const at = links.findIndex((link) => link.closest(".host-row") === row);
        const to = links[event.key === "ArrowDown" ? at + 1 : Math.max(at, 0) - 1];
        (to ?? (event.key === "ArrowUp" ? search.current : null))?.focus();
      } else return;
      event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
