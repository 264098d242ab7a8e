// Above the table: how many hosts are how, what is looked for, how it is arranged.
import type { Ref } from "preact";
import { setParameters } from "../../address";
import type { Status } from "../../api";
import { STATUS_KIND } from "../../parts/small";
import { firing, SORTS, type Overview } from "./model";
import { say } from "./words";

const STATUSES: readonly Status[] = ["online", "degraded", "offline", "stopped"];

export function Totals(props: { overview: Overview; status: string }) {
  const { totals } = props.overview;
  const alerts = firing(totals.alerts);
  return (
    <div class="totals">
      <h1>{totals.agents === 1 ? say("host") : say("hosts", totals.agents)}</h1>
      {STATUSES.map((status) =>
        totals[status] || props.status === status ? (
          <button
            key={status}
            type="button"
            class={`total ${STATUS_KIND[status]}`}
            aria-pressed={props.status === status}
            onClick={() => setParameters({ status: props.status === status ? "" : status })}
          >
            <b>{totals[status]}</b> {say(status)}
          </button>
        ) : null,
      )}
      <a class={`total ${alerts ? (totals.alerts.firing.critical ? "bad" : "warn") : "dim"}`} href="/alerts">
        {alerts ? say("firing", alerts) : say("quiet")}
        {totals.alerts.pending ? `, ${say("pending", totals.alerts.pending)}` : ""}
      </a>
    </div>
  );
}

interface BarProps {
  search: Ref<HTMLInputElement>;
  q: string;
  group: string;
  by: string;
  sort: string;
  tags: readonly string[];
  labels: readonly string[];
  picked: readonly string[];
  onAdd: () => void;
}

export function Bar(props: BarProps) {
  return (
    <div class="bar hosts-bar" role="search">
      <input
        ref={props.search}
        type="search"
        placeholder={say("filter")}
        aria-label={say("filter")}
        aria-keyshortcuts="/"
        title={say("keys")}
        value={props.q}
        onInput={(event) => setParameters({ q: event.currentTarget.value }, true)}
      />
      <select
        aria-label={say("group")}
        value={props.group}
        onChange={(event) => setParameters({ group: event.currentTarget.value })}
      >
        <option value="">{say("anyGroup")}</option>
        {props.tags.map((tag) => (
          <option key={tag} value={tag}>
            {tag}
          </option>
        ))}
      </select>
      <select
        aria-label={say("by")}
        value={props.by}
        onChange={(event) => setParameters({ by: event.currentTarget.value })}
      >
        <option value="">{say("byNothing")}</option>
        <option value="group">{say("byGroup")}</option>
        <option value="status">{say("byStatus")}</option>
        {props.labels.map((label) => (
          <option key={label} value={`label:${label}`}>
            {say("byLabel", label)}
          </option>
        ))}
      </select>
      <select
        class="phone"
        aria-label={say("sort")}
        value={props.sort}
        onChange={(event) => setParameters({ sort: event.currentTarget.value })}
      >
        {SORTS.flatMap((name) => [name, `-${name}`]).map((name) => (
          <option key={name} value={name}>
            {say(name.replace("-", "") as "name")} {name.startsWith("-") ? "↓" : "↑"}
          </option>
        ))}
      </select>
      <span class="push" />
      {props.picked.length ? (
        <>
          <a class="button primary" href={`/compare?agents=${props.picked.map(encodeURIComponent).join(",")}`}>
            {say("compare", props.picked.length)}
          </a>
          <button type="button" onClick={() => setParameters({ pick: "" }, true)}>
            {say("clear")}
          </button>
        </>
      ) : null}
      <button type="button" onClick={props.onAdd}>
        {say("add")}
      </button>
    </div>
  );
}
