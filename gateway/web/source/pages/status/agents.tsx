// All agents as they say they are, what happened to them, and the labels and groups that people add.
import { useState } from "preact/hooks";
import { ask, type Agent, type Status } from "../../api";
import { setParameters, useParameter } from "../../address";
import { useLoaded } from "../../load";
import { Badge, STATUS_KIND, Table, Trouble, type Column } from "../../parts/small";
import { Dialog } from "../../shell";
import { ago, bytes, duration, number, written } from "../../units";
import { wording } from "../../words";
import type { TabProps } from "../status";
import { Confirm, Copied, Loading, Problems, useAct } from "./parts";

const say = wording({
  agents: ["Agents", "代理"],
  find: ["Find agents", "查找代理"],
  all: ["All states", "所有状态"],
  online: ["online", "在线"],
  degraded: ["degraded", "异常"],
  offline: ["offline", "离线"],
  stopped: ["stopped", "已停止"],
  status: ["Status", "状态"],
  name: ["Name", "名称"],
  version: ["Version", "版本"],
  heard: ["Heard", "最近心跳"],
  heardAgo: ["{0} ago", "{0}前"],
  never: ["never", "从未"],
  spool: ["Waiting to be sent", "待发送"],
  spoolOld: ["{0}, {1} old", "{0}，已等待 {1}"],
  skew: ["Clock", "时钟偏差"],
  memory: ["Memory", "内存"],
  cpu: ["CPU", "CPU"],
  labels: ["Labels, groups", "标签、分组"],
  edit: ["Edit", "编辑"],
  editOf: ["Labels and groups of {0}", "{0} 的标签和分组"],
  remove: ["Delete", "删除"],
  removeOf: ["Delete {0}?", "删除 {0}？"],
  removeText: [
    "The gateway forgets this agent, its events, its process history and its series from now on. One that still runs registers anew.",
    "网关将忘记此代理、其事件、进程历史以及此后的时间序列。仍在运行的代理会重新注册。",
  ],
  own: ["From the agent's settings: {0}", "来自代理自身设置：{0}"],
  added: ["Added labels, one in a line: name=value", "附加标签，每行一个：名称=值"],
  groups: ["Groups, separated by commas", "分组，用逗号分隔"],
  wrong: ["Line {0}: write name=value.", "第 {0} 行：请写成 名称=值。"],
  save: ["Save", "保存"],
  empty: ["No agent yet. On each host:", "尚无代理。请在每台主机上运行："],
  command: ["Command", "命令"],
  noneFound: ["No agent is like that.", "没有符合条件的代理。"],
  events: ["What happened", "事件"],
  eventsOf: ["What happened to {0}", "{0} 的事件"],
  allEvents: ["Events of all agents", "所有代理的事件"],
  time: ["Time", "时间"],
  what: ["What", "事件"],
  detail: ["Detail", "详情"],
  noEvents: ["Nothing has happened yet.", "尚无事件。"],
  more: ["Earlier ones", "更早的事件"],
});

interface Full extends Agent {
  reasons: string[];
  own_labels: Record<string, string>;
  added_labels: Record<string, string>;
  skew_s: number | null;
  version: string;
  cpu_percent: number | null;
  memory_bytes: number | null;
  spool: { bytes: number; oldest_s: number } | null;
}

interface Happened {
  id: number;
  name: string;
  time: number;
  kind: string;
  status: Status;
  detail: string;
}

const PAGE = 50;
const STATES: readonly Status[] = ["online", "degraded", "offline", "stopped"];
const SKEWED_SECONDS = 30;

export function Agents({ may }: TabProps) {
  const [q, setQ] = useParameter("q");
  const [status, setStatus] = useParameter("status");
  const [order, setOrder] = useParameter("order", "name");
  const [editing, setEditing] = useState<Full>();
  const [removing, setRemoving] = useState<Full>();
  const agents = useLoaded(
    `agents ${q} ${status}`,
    (signal) => ask<Full[]>("/api/v1/agents", { params: { q, status }, signal }),
    5,
  );
  const remove = async (agent: Full) => {
    await ask(`/api/v1/agents/${encodeURIComponent(agent.id)}`, { method: "DELETE" });
    agents.again();
  };
  const buttons: Column<Full> = {
    key: "do",
    title: "",
    cell: (agent) => (
      <span class="buttons">
        <button type="button" onClick={() => setEditing(agent)} aria-label={`${say("edit")}: ${agent.name}`}>
          {say("edit")}
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => setRemoving(agent)}
          aria-label={`${say("remove")}: ${agent.name}`}
        >
          {say("remove")}
        </button>
      </span>
    ),
  };
  const none = agents.data?.length === 0;
  return (
    <>
      <div class="bar">
        <input
          type="search"
          placeholder={say("find")}
          aria-label={say("find")}
          value={q}
          onInput={(event) => setQ(event.currentTarget.value, true)}
        />
        <select aria-label={say("status")} value={status} onChange={(event) => setStatus(event.currentTarget.value)}>
          <option value="">{say("all")}</option>
          {STATES.map((each) => (
            <option key={each} value={each}>
              {say(each)}
            </option>
          ))}
        </select>
      </div>
      <Trouble error={agents.error} />
      <section class="box">
        {agents.data ? null : agents.error ? null : <Loading />}
        {none && !q && !status ? (
          <>
            <p>{say("empty")}</p>
            <Copied text={`fleetgauge agent --gateway ${location.origin}`} label={say("command")} />
          </>
        ) : null}
        {none && (q || status) ? <p class="dim">{say("noneFound")}</p> : null}
        {agents.data?.length ? (
          <Table
            caption={say("agents")}
            columns={may("edit") ? [...COLUMNS, buttons] : COLUMNS}
            rows={agents.data}
            id={(agent) => agent.id}
            order={order}
            onOrder={setOrder}
          />
        ) : null}
      </section>
      <Events />
      {editing ? <Edit agent={editing} onDone={agents.again} onClose={() => setEditing(undefined)} /> : null}
      {removing ? (
        <Confirm
          title={say("removeOf", removing.name)}
          action={say("remove")}
          onAct={() => remove(removing)}
          onClose={() => setRemoving(undefined)}
        >
          {say("removeText")}
        </Confirm>
      ) : null}
    </>
  );
}

const COLUMNS: readonly Column<Full>[] = [
  {
    key: "name",
    title: say("name"),
    by: (agent) => agent.name,
    cell: (agent) => <a href={`/agents/${encodeURIComponent(agent.name)}`}>{agent.name}</a>,
  },
  {
    key: "status",
    title: say("status"),
    by: (agent) => STATES.indexOf(agent.status),
    cell: (agent) => (
      <>
        <Badge kind={STATUS_KIND[agent.status]}>{say(agent.status)}</Badge>
        {agent.reasons.length ? <div class="dim small reasons">{agent.reasons.join("; ")}</div> : null}
      </>
    ),
  },
  {
    key: "heard",
    title: say("heard"),
    by: (agent) => agent.last_heartbeat ?? 0,
    cell: (agent) => (agent.last_heartbeat ? say("heardAgo", ago(agent.last_heartbeat)) : say("never")),
  },
  { key: "version", title: say("version"), by: (agent) => agent.version, cell: (agent) => agent.version || "–" },
  {
    key: "cpu",
    title: say("cpu"),
    by: (agent) => agent.cpu_percent ?? NaN,
    cell: (agent) => written(agent.cpu_percent, "percent"),
    numeric: true,
  },
  {
    key: "memory",
    title: say("memory"),
    by: (agent) => agent.memory_bytes ?? NaN,
    cell: (agent) => written(agent.memory_bytes, "bytes"),
    numeric: true,
  },
  {
    key: "spool",
    title: say("spool"),
    by: (agent) => agent.spool?.bytes ?? NaN,
    cell: (agent) => spool(agent.spool),
    numeric: true,
  },
  {
    key: "skew",
    title: say("skew"),
    by: (agent) => Math.abs(agent.skew_s ?? NaN),
    cell: (agent) =>
      Math.abs(agent.skew_s ?? 0) >= SKEWED_SECONDS ? (
        <Badge kind="warn">{skew(agent.skew_s)}</Badge>
      ) : (
        skew(agent.skew_s)
      ),
    numeric: true,
  },
  {
    key: "labels",
    title: say("labels"),
    cell: (agent) => (
      <span class="chips">
        {Object.entries(agent.labels).map(([name, value]) => (
          <code key={name}>
            {name}={value}
          </code>
        ))}
        {agent.groups.map((group) => (
          <Badge key={group} kind="dim">
            {group}
          </Badge>
        ))}
      </span>
    ),
  },
];

function spool(waiting: Full["spool"]): string {
  if (!waiting) return "–";
  return waiting.bytes ? say("spoolOld", bytes(waiting.bytes), duration(waiting.oldest_s)) : bytes(0);
}

function skew(seconds: number | null): string {
  if (seconds === null) return "–";
  const sign = seconds > 0 ? "+" : seconds < 0 ? "−" : "";
  return sign + (Math.abs(seconds) < 1 ? `${number(Math.abs(seconds) * 1000, 2)} ms` : duration(seconds));
}

/** What a form's text asks for: labels as they should be; those that are gone become null, which takes them away. */
function labelsOf(text: string, before: Record<string, string>): Record<string, string | null> {
  const wanted: Record<string, string | null> = Object.fromEntries(Object.keys(before).map((name) => [name, null]));
  text.split("\n").forEach((line, index) => {
    if (!line.trim()) return;
    const at = line.indexOf("=");
    if (at < 1) throw new Error(say("wrong", index + 1));
    wanted[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  });
  return wanted;
}

function Edit(props: { agent: Full; onDone: () => void; onClose: () => void }) {
  const { agent } = props;
  const act = useAct();
  const save = async (form: HTMLFormElement) => {
    const fields = new FormData(form);
    const done = await act.run(async () => {
      const body = {
        labels: labelsOf(String(fields.get("labels")), agent.added_labels),
        groups: String(fields.get("groups"))
          .split(/[,，]/)
          .map((each) => each.trim())
          .filter(Boolean),
      };
      await ask(`/api/v1/agents/${encodeURIComponent(agent.id)}`, { method: "PATCH", body });
    });
    if (!done) return;
    props.onDone();
    props.onClose();
  };
  const own = Object.entries(agent.own_labels).map(([name, value]) => `${name}=${value}`);
  return (
    <Dialog title={say("editOf", agent.name)} onClose={props.onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save(event.currentTarget);
        }}
      >
        {own.length ? <p class="dim">{say("own", own.join(", "))}</p> : null}
        <label>
          {say("added")}
          <textarea
            name="labels"
            rows={4}
            autofocus
            spellcheck={false}
            defaultValue={Object.entries(agent.added_labels)
              .map(([name, value]) => `${name}=${value}`)
              .join("\n")}
          />
        </label>
        <label>
          {say("groups")}
          <input name="groups" defaultValue={agent.groups.join(", ")} />
        </label>
        <Problems error={act.error} />
        <button class="primary" disabled={act.busy}>
          {say("save")}
        </button>
      </form>
    </Dialog>
  );
}

/** Events of one agent (`agent` in the address) or of all, page by page. */
function Events() {
  const [agent] = useParameter("agent");
  const [before] = useParameter("before");
  const path = agent ? `/api/v1/agents/${encodeURIComponent(agent)}/events` : "/api/v1/agents/events";
  const events = useLoaded(
    `${path} ${before}`,
    (signal) => ask<Happened[]>(path, { params: { limit: PAGE, before }, signal }),
    before ? 0 : 10,
  );
  const last = events.data?.at(-1);
  const columns: Column<Happened>[] = [
    { key: "time", title: say("time"), cell: (event) => written(event.time, "time") },
    {
      key: "name",
      title: say("name"),
      cell: (event) => <a href={`/status?tab=agents&agent=${encodeURIComponent(event.name)}`}>{event.name}</a>,
    },
    { key: "what", title: say("what"), cell: (event) => <Badge kind={STATUS_KIND[event.status]}>{event.kind}</Badge> },
    { key: "detail", title: say("detail"), cell: (event) => event.detail },
  ];
  return (
    <section class="box">
      <div class="bar">
        <h2>{agent ? say("eventsOf", agent) : say("events")}</h2>
        {agent ? <a href="/status?tab=agents">{say("allEvents")}</a> : null}
      </div>
      <Trouble error={events.error} />
      {events.data?.length === 0 ? <p class="dim">{say("noEvents")}</p> : null}
      {events.data?.length ? (
        <Table
          caption={say("events")}
          columns={columns}
          rows={events.data}
          id={(event) => String(event.id)}
          order=""
          onOrder={() => undefined}
        />
      ) : null}
      {last && events.data?.length === PAGE ? (
        <button type="button" class="more" onClick={() => setParameters({ before: String(last.id) })}>
          {say("more")}
        </button>
      ) : null}
    </section>
  );
}
