// Rules: groups of files and packs to look at, managed groups to edit.
import { ask } from "../../api";
import { useAddress, useParameter } from "../../address";
import { useLoaded } from "../../load";
import { Badge, Table, Trouble, type Column } from "../../parts/small";
import { ago, duration, written } from "../../units";
import { wording } from "../../words";
import type { TabProps } from "../status";
import { BacktestGroup } from "./backtest";
import { Editor } from "./editor";
import { Loading } from "./parts";
import { packOf, type Version } from "./rulefile";

const say = wording({
  managed: ["Managed groups", "托管规则组"],
  managedNote: ["Edited here or over the API, with all versions.", "在此处或通过 API 编辑，保留所有版本。"],
  noneManaged: ["No group is edited here yet.", "尚无托管规则组。"],
  make: ["New group", "新建规则组"],
  read: ["Groups of files and packs", "来自文件和规则包的规则组"],
  readNote: ["Read-only here: edit the files, or the setting rule_packs.", "此处只读：请编辑文件或 rule_packs 设置。"],
  noneRead: ["No group comes from files or packs.", "没有来自文件或规则包的规则组。"],
  noneFound: ["No group or rule is called so.", "没有匹配的规则组或规则。"],
  find: ["Find groups and rules", "查找规则组和规则"],
  name: ["Name", "名称"],
  version: ["Version", "版本"],
  state: ["State", "状态"],
  on: ["on", "启用"],
  off: ["off", "停用"],
  changed: ["Changed", "修改"],
  changedBy: ["{0} ago by {1}", "{0}前，修改者 {1}"],
  pack: ["Pack {0}", "规则包 {0}"],
  count: ["Rules: {0}", "{0} 条规则"],
  every: ["every {0}", "每 {0}"],
  took: ["took {0}", "耗时 {0}"],
  failing: ["{0} failing", "{0} 条失败"],
  firing: ["{0} firing", "{0} 条触发"],
  backtest: ["Backtest", "回测"],
  kind: ["Kind", "类型"],
  alerting: ["alert", "告警"],
  recording: ["record", "记录"],
  query: ["Query", "查询"],
  for: ["For", "持续"],
  back: ["All groups", "所有规则组"],
  backtestOf: ["Backtest of {0}", "{0} 的回测"],
});

interface Rule {
  type: "alerting" | "recording";
  name: string;
  query: string;
  health: string;
  lastError?: string;
  evaluationTime: number;
  state?: string;
  duration?: number;
}

interface Group {
  name: string;
  file: string;
  interval: number;
  evaluationTime: number;
  rules: Rule[];
}

/** What the API calls the file of managed groups. */
const MANAGED = "managed";

export function Rules({ who, may }: TabProps) {
  const parameters = useAddress().searchParams;
  const name = parameters.get("group") ?? "";
  const expr = parameters.get("expr") ?? "";
  const tried = parameters.get("try") ?? "";
  if (tried) {
    return (
      <>
        <Head title={say("backtestOf", tried)} />
        <BacktestGroup body={{ group: tried }} />
      </>
    );
  }
  if (name || expr || parameters.has("make")) {
    return (
      <>
        <Head title={name || say("make")} />
        <Editor key={name || `new ${expr}`} name={name} expr={expr} may={may("edit")} who={who.name} />
      </>
    );
  }
  return <All mayEdit={may("edit")} />;
}

function Head(props: { title: string }) {
  return (
    <div class="bar">
      <a href="/status?tab=rules">‹ {say("back")}</a>
      <h2>{props.title}</h2>
    </div>
  );
}

function All(props: { mayEdit: boolean }) {
  const [q, setQ] = useParameter("q");
  const [order, setOrder] = useParameter("order", "name");
  const managed = useLoaded("managed", (signal) => ask<Version[]>("/api/v1/rules/managed", { signal }), 15);
  const inService = useLoaded(
    "rules",
    (signal) => ask<{ groups: Group[] }>("/api/v1/rules", { params: { exclude_alerts: true }, signal }),
    15,
  );
  const all = inService.data?.groups ?? [];
  const read = all.filter((group) => group.file !== MANAGED);
  const wanted = q.toLowerCase();
  const fits = (group: Group) =>
    [group.name, group.file, ...group.rules.map((rule) => rule.name)].some((each) =>
      each.toLowerCase().includes(wanted),
    );
  const found = read.filter(fits);
  const columns: Column<Version>[] = [
    {
      key: "name",
      title: say("name"),
      by: (one) => one.name,
      cell: (one) => <a href={`/status?tab=rules&group=${encodeURIComponent(one.name)}`}>{one.name}</a>,
    },
    {
      key: "state",
      title: say("state"),
      by: (one) => Number(one.enabled),
      cell: (one) => (
        <span class="chips">
          <Badge kind={one.enabled ? "good" : "dim"}>{one.enabled ? say("on") : say("off")}</Badge>
          <Told group={all.find((each) => each.file === MANAGED && each.name === one.name)} />
        </span>
      ),
    },
    { key: "version", title: say("version"), by: (one) => one.version, cell: (one) => one.version },
    {
      key: "changed",
      title: say("changed"),
      by: (one) => Date.parse(one.changedAt),
      cell: (one) => say("changedBy", ago(Date.parse(one.changedAt) / 1000), one.changedBy),
    },
  ];
  return (
    <>
      <Trouble error={managed.error ?? inService.error} />
      <section class="box">
        <div class="bar">
          <h2>{say("managed")}</h2>
          <span class="dim">{say("managedNote")}</span>
          {props.mayEdit ? (
            <a class="button primary push" href="/status?tab=rules&make=1">
              {say("make")}
            </a>
          ) : null}
        </div>
        {managed.data || managed.error ? null : <Loading />}
        {managed.data?.length === 0 ? <p class="dim">{say("noneManaged")}</p> : null}
        {managed.data?.length ? (
          <Table
            caption={say("managed")}
            columns={columns}
            rows={managed.data}
            id={(one) => one.name}
            order={order}
            onOrder={setOrder}
          />
        ) : null}
      </section>
      <section class="box">
        <div class="bar">
          <h2>{say("read")}</h2>
          <span class="dim">{say("readNote")}</span>
          <input
            class="push"
            type="search"
            placeholder={say("find")}
            aria-label={say("find")}
            value={q}
            onInput={(event) => setQ(event.currentTarget.value, true)}
          />
        </div>
        {inService.data || inService.error ? null : <Loading />}
        {inService.data && !read.length ? <p class="dim">{say("noneRead")}</p> : null}
        {read.length && !found.length ? <p class="dim">{say("noneFound")}</p> : null}
        {found.map((group) => (
          <GroupRead key={`${group.file} ${group.name}`} group={group} open={Boolean(q)} />
        ))}
      </section>
    </>
  );
}

/** How the rules of a group do: failing, firing. */
function Told(props: { group: Group | undefined }) {
  const rules = props.group?.rules ?? [];
  const failing = rules.filter((rule) => rule.health === "err").length;
  const firing = rules.filter((rule) => rule.state === "firing").length;
  return (
    <>
      {failing ? <Badge kind="bad">{say("failing", failing)}</Badge> : null}
      {firing ? <Badge kind="warn">{say("firing", firing)}</Badge> : null}
    </>
  );
}

function GroupRead(props: { group: Group; open: boolean }) {
  const { group } = props;
  const pack = packOf(group.file);
  const columns: Column<Rule>[] = [
    { key: "name", title: say("name"), cell: (rule) => rule.name },
    { key: "kind", title: say("kind"), cell: (rule) => say(rule.type) },
    {
      key: "state",
      title: say("state"),
      cell: (rule) =>
        rule.health === "err" ? (
          <span class="badge bad" title={rule.lastError}>
            {rule.lastError || rule.health}
          </span>
        ) : (
          <Badge kind={rule.state === "firing" ? "warn" : rule.health === "ok" ? "good" : "dim"}>
            {rule.state ?? rule.health}
          </Badge>
        ),
    },
    { key: "for", title: say("for"), cell: (rule) => (rule.duration ? duration(rule.duration) : "") },
    {
      key: "query",
      title: say("query"),
      cell: (rule) => (
        <a class="query" href={`/explore?expr=${encodeURIComponent(rule.query)}`}>
          <code>{rule.query}</code>
        </a>
      ),
    },
  ];
  return (
    <details class="group" open={props.open}>
      <summary>
        <strong>{group.name}</strong>
        <span class="dim" title={group.file}>
          {pack ? say("pack", pack) : group.file}
        </span>
        <span class="dim">
          {say("count", group.rules.length)} · {say("every", duration(group.interval))}
          {group.evaluationTime ? ` · ${say("took", written(group.evaluationTime, "seconds"))}` : ""}
        </span>
        <Told group={group} />
      </summary>
      {group.rules.some((rule) => rule.type === "alerting") ? (
        <p>
          <a class="button" href={`/status?tab=rules&try=${encodeURIComponent(group.name)}`}>
            {say("backtest")}
          </a>
        </p>
      ) : null}
      <Table
        caption={group.name}
        columns={columns}
        rows={group.rules}
        id={(rule) => `${rule.name} ${rule.query}`}
        order=""
        onOrder={() => undefined}
      />
    </details>
  );
}
