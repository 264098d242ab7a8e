// Who this host is, and how it is.
import type { ComponentChildren } from "preact";
import { ask, type Agent, type LabelSet } from "../../api";
import { useLoaded } from "../../load";
import type { Mark } from "../../parts/chart";
import { Badge, STATUS_KIND } from "../../parts/small";
import { ago, bytes, duration } from "../../units";
import { choose, clock } from "./moment";
import { say } from "./words";

export interface Host extends Agent {
  reasons: string[];
  same_name: string[];
  version: string;
  system: {
    hostname?: string | null;
    os?: string | null;
    kernel?: string | null;
    arch?: string | null;
    cpu_cores?: number | null;
    memory_bytes?: number | null;
    boot_time?: number | null;
  };
  spool: { bytes: number; oldest_s: number } | null;
  failing_collectors: string[];
  last_error: string;
}

const SHOWN = 6;

interface Alert {
  labels: LabelSet;
  annotations: LabelSet;
  state: "pending" | "firing";
}

export function Head(props: { host: Host }) {
  const { host } = props;
  const reasons = [...new Set([...host.reasons, host.last_error])].filter(Boolean).join("; ");
  return (
    <div class="host-head">
      <div class="bar host-name">
        <h1>{host.name}</h1>
        <Badge kind={STATUS_KIND[host.status]}>{say(host.status)}</Badge>
        {reasons ? (
          <span class="dim reasons" title={reasons}>
            {reasons}
          </span>
        ) : null}
        <Labels host={host} />
        <a class="push" href={`/compare?agents=${encodeURIComponent(host.name)}`}>
          {say("compare")}
        </a>
      </div>
      <Facts host={host} />
      {host.same_name.length ? <p class="trouble">{say("sameName")}</p> : null}
      <Firing name={host.name} />
    </div>
  );
}

function Labels(props: { host: Host }) {
  const labels = Object.entries(props.host.labels);
  return (
    <>
      {props.host.groups.map((group) => (
        <span key={group} class="badge" title={say("groups")}>
          {group}
        </span>
      ))}
      {labels.map(([name, value]) => (
        <span key={name} class="badge dim" title={say("labels")}>
          {name}={value}
        </span>
      ))}
    </>
  );
}

function Facts(props: { host: Host }) {
  const { host } = props;
  const { system, spool } = host;
  const up = system.boot_time ? duration(Date.now() / 1000 - system.boot_time) : null;
  const facts: [string, ComponentChildren][] = [
    [say("system"), [system.os, system.arch].filter(Boolean).join(", ")],
    [say("kernel"), system.kernel],
    [say("cores"), system.cpu_cores],
    [say("memorySize"), system.memory_bytes ? bytes(system.memory_bytes) : null],
    [say("uptime"), host.status === "online" || host.status === "degraded" ? up : null],
    [say("heartbeat"), host.last_heartbeat === null ? say("never") : say("agoOf", ago(host.last_heartbeat))],
    [say("agent"), host.version],
    [say("spool"), spool?.bytes ? say("spoolOf", bytes(spool.bytes), duration(spool.oldest_s)) : null],
  ];
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      {host.failing_collectors.length ? (
        <div>
          <Badge kind="warn">{say("failing", host.failing_collectors.join(", "))}</Badge>
        </div>
      ) : null}
    </dl>
  );
}

/** The alerts of this host that fire or are about to. Who may not ask for them sees none. */
function Firing(props: { name: string }) {
  const loaded = useLoaded(
    `alerts ${props.name}`,
    (signal) => ask<{ alerts: Alert[] }>("/api/v1/alerts", { signal }).catch(() => ({ alerts: [] })),
    10,
  );
  const alerts = (loaded.data?.alerts ?? []).filter((each) => each.labels.instance === props.name);
  if (!alerts.length) return null;
  alerts.sort((a, b) => a.state.localeCompare(b.state));
  return (
    <ul class="firing" aria-label={say("alerts")}>
      {alerts.slice(0, SHOWN).map((each) => (
        <li key={JSON.stringify(each.labels)}>
          <Badge kind={each.state === "firing" ? "bad" : "warn"}>{say(each.state)}</Badge>{" "}
          <a href={each.state === "pending" ? "/alerts?tab=pending" : "/alerts"}>{each.labels.alertname}</a>{" "}
          <span class="dim">{each.annotations.summary}</span>
        </li>
      ))}
      {alerts.length > SHOWN ? <li class="dim">{say("more", alerts.length - SHOWN)}</li> : null}
    </ul>
  );
}

/** What happened in the range; each leads to the processes of its moment. */
export function Happened(props: { marks: readonly Mark[] }) {
  if (!props.marks.length) return null;
  const more = props.marks.length - SHOWN;
  return (
    <ul class="happened" aria-label={say("happened")}>
      {props.marks.slice(0, SHOWN).map((each) => (
        <li key={`${each.at} ${each.text}`}>
          <button
            type="button"
            class={each.kind}
            title={say("showMoment", clock(each.at))}
            onClick={() => choose(each.at)}
          >
            <time>{clock(each.at)}</time> {each.text}
          </button>
        </li>
      ))}
      {more > 0 ? <li class="dim">{say("more", more)}</li> : null}
    </ul>
  );
}
