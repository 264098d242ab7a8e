// One host: a line of the table, a card on a phone. Drawn again only when something about it is new.
import { Component } from "preact";
import { Badge, Sparkline, STATUS_KIND } from "../../parts/small";
import { ago, duration, number, written } from "../../units";
import { firing, tags, type Host } from "./model";
import { say } from "./words";

const MOST_TAGS = 4;

interface RowProps {
  host: Host;
  picked: boolean;
}

export class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    return next.host !== this.props.host || next.picked !== this.props.picked;
  }

  override render({ host, picked }: RowProps) {
    const { values } = host;
    const up = host.status === "online" || host.status === "degraded";
    return (
      <div class={`host-row${up ? "" : " gone"}${picked ? " picked" : ""}`} role="row">
        <span role="cell" class="host-pick">
          <input type="checkbox" checked={picked} data-pick={host.name} aria-label={say("select", host.name)} />
        </span>
        <span role="cell" class="host-status">
          <State host={host} />
        </span>
        <span role="cell" class="host-name">
          <a href={`/agents/${encodeURIComponent(host.name)}`} data-host title={about(host)}>
            {host.name}
          </a>
          <Tags host={host} />
        </span>
        <Full name="cpu" value={values.cpu} series={host.series?.cpu} />
        <Full name="memory" value={values.memory} series={host.series?.memory} title={swap(values.swap)} />
        <Full name="disk" value={values.disk} title={say("fullest")} />
        <span role="cell" class="host-network numeric" data-label={say("network")}>
          <span title={say("received")}>↓ {written(values.network_rx, "bytes/s")}</span>
          <span title={say("sent")}>↑ {written(values.network_tx, "bytes/s")}</span>
        </span>
        <span
          role="cell"
          class="host-load numeric"
          data-label={say("load")}
          title={say("loadOf", host.cpu_cores || "?")}
        >
          <span class={loadLevel(host)}>{values.load === null ? "–" : number(values.load)}</span>
        </span>
        <span role="cell" class="host-uptime numeric" data-label={say("uptime")}>
          {up && host.boot_time ? duration(Date.now() / 1000 - host.boot_time) : "–"}
        </span>
        <span role="cell" class="host-alerts" data-label={say("alerts")}>
          <Firing host={host} />
        </span>
      </div>
    );
  }
}

function State({ host }: { host: Host }) {
  const gone = host.status === "online" ? "" : say("last", ago(host.last_heartbeat));
  return (
    <span title={[...host.reasons, gone].filter(Boolean).join("; ")}>
      <Badge kind={STATUS_KIND[host.status]}>{say(host.status)}</Badge>
      {host.status === "offline" ? <span class="host-old dim">{shortly(host.last_heartbeat)}</span> : null}
    </span>
  );
}

/** Only the larger part: `3d`. */
function shortly(time: number): string {
  return ago(time).split(" ")[0] ?? "";
}

function about(host: Host): string {
  return [host.os, host.kernel, host.arch].filter(Boolean).join(" · ");
}

function swap(value: number | null): string {
  return value === null ? "" : say("swap", written(value, "percent"));
}

function Tags({ host }: { host: Host }) {
  const all = tags(host);
  if (!all.length) return null;
  return (
    <span class="host-tags">
      {all.slice(0, MOST_TAGS).map((tag) => (
        <button key={tag} type="button" class="tag" data-tag={tag} tabIndex={-1}>
          {tag}
        </button>
      ))}
      {all.length > MOST_TAGS ? (
        <span class="dim" title={all.slice(MOST_TAGS).join(", ")}>{`+${all.length - MOST_TAGS}`}</span>
      ) : null}
    </span>
  );
}

function level(value: number | null): string {
  return value === null ? "" : value >= 90 ? "bad" : value >= 75 ? "warn" : "good";
}

function loadLevel(host: Host): string {
  const each = (host.values.load ?? 0) / (host.cpu_cores || Infinity);
  return each >= 2 ? "bad" : each >= 1 ? "warn" : "";
}

function Full(props: {
  name: "cpu" | "memory" | "disk";
  value: number | null;
  series?: (number | null)[] | undefined;
  title?: string;
}) {
  const { name, series } = props;
  // Counters that began anew may come to less than nothing for a moment.
  const value = props.value === null ? null : Math.min(Math.max(props.value, 0), 100);
  return (
    <span role="cell" class={`host-full host-${name}`} data-label={say(name)} title={props.title}>
      <span class="numeric">{value === null ? "–" : `${value < 9.95 ? value.toFixed(1) : Math.round(value)} %`}</span>
      <span class={`gauge ${level(value)}`} aria-hidden="true">
        <i style={{ width: `${value ?? 0}%` }} />
      </span>
      {series ? <Sparkline values={[...series, value]} most={100} label={say("lastHour", say(name))} /> : null}
    </span>
  );
}

function Firing({ host }: { host: Host }) {
  const count = firing(host.alerts);
  const to = `/alerts?q=${encodeURIComponent(`instance="${host.name}"`)}`;
  if (count) {
    const told = Object.entries(host.alerts.firing).map(([severity, each]) => `${each} ${severity}`);
    return (
      <a href={to} title={told.join(", ")}>
        <Badge kind={host.alerts.firing.critical ? "bad" : "warn"}>{say("firing", count)}</Badge>
      </a>
    );
  }
  return host.alerts.pending ? (
    <Badge kind="dim">{say("pending", host.alerts.pending)}</Badge>
  ) : (
    <span class="dim">–</span>
  );
}
