// The choice of hosts: what is chosen as chips, the others in a list with a search; groups choose all of theirs.
import { useState } from "preact/hooks";
import type { Agent } from "../../api";
import { Badge, STATUS_KIND } from "../../parts/small";
import { Dialog } from "../../shell";
import { wording } from "../../words";
import { MOST_HOSTS, referenceOf } from "./data";

const say = wording({
  hosts: ["Hosts", "主机"],
  choose: ["Choose hosts", "选择主机"],
  search: ["Search by name, label or group", "按名称、标签或组搜索"],
  groups: ["Groups", "组"],
  all: ["All of these ({0})", "全选（{0}）"],
  none: ["None", "清空"],
  remove: ["Remove {0}", "移除 {0}"],
  more: ["and {0} more", "另有 {0} 台"],
  full: ["{0} hosts at most can be compared.", "最多可对比 {0} 台主机。"],
  nothing: ["No host is like that.", "没有匹配的主机。"],
  count: ["{0} chosen", "已选 {0} 台"],
  done: ["Done", "完成"],
});

const CHIPS = 12;

interface Props {
  agents: readonly Agent[];
  chosen: readonly string[];
  colours: ReadonlyMap<string, string>;
  onChoose: (chosen: readonly string[]) => void;
}

export function HostChoice(props: Props) {
  const [open, setOpen] = useState(false);
  const names = new Map(props.agents.map((agent) => [referenceOf(agent, props.agents), agent.name]));
  return (
    <div class="chips" role="group" aria-label={say("hosts")}>
      <button type="button" class="primary" onClick={() => setOpen(true)}>
        {say("choose")} …
      </button>
      {props.chosen.slice(0, CHIPS).map((each) => (
        <span class="chip" key={each}>
          <i class="dot" style={{ background: props.colours.get(names.get(each) ?? each) ?? "var(--line)" }} />
          {names.get(each) ?? each}
          <button
            type="button"
            aria-label={say("remove", each)}
            title={say("remove", each)}
            onClick={() => props.onChoose(props.chosen.filter((other) => other !== each))}
          >
            ✕
          </button>
        </span>
      ))}
      {props.chosen.length > CHIPS ? (
        <button type="button" class="plain" onClick={() => setOpen(true)}>
          {say("more", props.chosen.length - CHIPS)}
        </button>
      ) : null}
      {open ? <List {...props} onClose={() => setOpen(false)} /> : null}
    </div>
  );
}

function matches(agent: Agent, text: string): boolean {
  const words = [
    agent.name,
    ...agent.groups,
    ...Object.entries(agent.labels).map(([name, value]) => `${name}=${value}`),
  ];
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((part) => words.some((word) => word.toLowerCase().includes(part)));
}

function List(props: Props & { onClose: () => void }) {
  const [text, setText] = useState("");
  const { agents, chosen, onChoose } = props;
  const groups = [...new Set(agents.flatMap((agent) => agent.groups))].sort();
  const found = agents.filter((agent) => matches(agent, text));
  const references = (some: readonly Agent[]) => some.map((agent) => referenceOf(agent, agents));
  const add = (some: readonly Agent[]) => onChoose([...new Set([...chosen, ...references(some)])].slice(0, MOST_HOSTS));
  const toggle = (reference: string) =>
    onChoose(chosen.includes(reference) ? chosen.filter((each) => each !== reference) : [...chosen, reference]);
  const full = chosen.length >= MOST_HOSTS;
  return (
    <Dialog title={say("choose")} onClose={props.onClose}>
      <input
        type="search"
        autofocus
        placeholder={say("search")}
        aria-label={say("search")}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div class="chips choice-groups" role="group" aria-label={say("groups")}>
        <button type="button" onClick={() => add(found)} disabled={!found.length}>
          {say("all", found.length)}
        </button>
        <button type="button" onClick={() => onChoose([])}>
          {say("none")}
        </button>
        {groups.map((group) => (
          <button
            key={group}
            type="button"
            class="chip"
            onClick={() =>
              onChoose(references(agents.filter((agent) => agent.groups.includes(group))).slice(0, MOST_HOSTS))
            }
          >
            {group}
          </button>
        ))}
      </div>
      <ul class="choice-list">
        {found.map((agent) => {
          const reference = referenceOf(agent, agents);
          const on = chosen.includes(reference);
          return (
            <li key={agent.id}>
              <label>
                <input type="checkbox" checked={on} disabled={full && !on} onChange={() => toggle(reference)} />
                <span>{agent.name}</span>
                <span class="dim">{agent.groups.join(", ")}</span>
                <Badge kind={STATUS_KIND[agent.status]}>{agent.status}</Badge>
              </label>
            </li>
          );
        })}
      </ul>
      {found.length ? null : <p class="dim">{say("nothing")}</p>}
      <div class="bar choice-foot">
        <span class="dim" role="status">
          {full ? say("full", MOST_HOSTS) : say("count", chosen.length)}
        </span>
        <button type="button" class="primary push" onClick={props.onClose}>
          {say("done")}
        </button>
      </div>
    </Dialog>
  );
}
