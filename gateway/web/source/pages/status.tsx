// The page of the gateway itself: what it stores, its agents, rules, accounts and settings, a tab each.
import type { ComponentType } from "preact";
import { ask, type WhoAmI } from "../api";
import { useParameter } from "../address";
import { useLoaded } from "../load";
import { Trouble } from "../parts/small";
import { wording } from "../words";
import { Agents } from "./status/agents";
import { Audit } from "./status/audit";
import { Loading } from "./status/parts";
import { Receivers } from "./status/receivers";
import { Rules } from "./status/rules";
import { Settings } from "./status/settings";
import { Storage } from "./status/storage";
import { Tokens } from "./status/tokens";
import { Users } from "./status/users";

const say = wording({
  title: ["Status", "状态"],
  tabs: ["Parts of this page", "本页各部分"],
  storage: ["Storage", "存储"],
  agents: ["Agents", "代理"],
  rules: ["Rules", "规则"],
  receivers: ["Receivers", "接收者"],
  tokens: ["Tokens", "令牌"],
  users: ["Users", "用户"],
  audit: ["Audit", "审计"],
  settings: ["Settings", "设置"],
  right: ["{0} may not see this: it takes the right “{1}”.", "{0} 无权查看：需要“{1}”权限。"],
  confined: [
    "{0} is confined to some series, and this shows more.",
    "{0} 只能访问部分时间序列，而此处会显示更多内容。",
  ],
});

export interface TabProps {
  who: WhoAmI;
  /** Whether the caller may do what takes this right. */
  may: (right: "edit" | "admin") => boolean;
}

interface Tab {
  name: "storage" | "agents" | "rules" | "receivers" | "tokens" | "users" | "audit" | "settings";
  right: "read" | "admin";
  /** Whether it shows those who are confined to some series no others. */
  confinable?: boolean;
  Content: ComponentType<TabProps>;
}

const TABS: readonly Tab[] = [
  { name: "storage", right: "read", Content: Storage },
  { name: "agents", right: "read", confinable: true, Content: Agents },
  { name: "rules", right: "read", Content: Rules },
  { name: "receivers", right: "read", Content: Receivers },
  { name: "tokens", right: "admin", Content: Tokens },
  { name: "users", right: "admin", Content: Users },
  { name: "audit", right: "admin", Content: Audit },
  { name: "settings", right: "admin", Content: Settings },
];

/** Why the caller can't look at a tab; empty when they can. */
function refusal(tab: Tab, who: WhoAmI): string {
  if (who.open) return "";
  if (!who.rights.includes(tab.right)) return say("right", who.name, tab.right);
  return who.matchers.length && !tab.confinable ? say("confined", who.name) : "";
}

export default function Page() {
  const who = useLoaded("whoami", (signal) => ask<WhoAmI>("/api/v1/whoami", { signal }));
  return (
    <div class="status-page">
      <div class="bar">
        <h1>{say("title")}</h1>
      </div>
      <Trouble error={who.error} />
      {who.data ? <Tabs who={who.data} /> : who.error ? null : <Loading />}
    </div>
  );
}

function Tabs(props: { who: WhoAmI }) {
  const { who } = props;
  const shown = TABS.filter((tab) => !refusal(tab, who));
  const [name] = useParameter("tab", shown[0]?.name ?? "storage");
  const tab = TABS.find((each) => each.name === name) ?? TABS[0];
  if (!tab) return null;
  const why = refusal(tab, who);
  const may = (right: "edit" | "admin") => who.open || who.rights.includes(right);
  return (
    <>
      <nav class="tabs" aria-label={say("tabs")}>
        {shown.map((each) => (
          <a
            key={each.name}
            href={`/status?tab=${each.name}`}
            aria-current={each.name === tab.name ? "page" : undefined}
          >
            {say(each.name)}
          </a>
        ))}
      </nav>
      {why ? <Trouble error={new Error(why)} /> : <tab.Content key={tab.name} who={who} may={may} />}
    </>
  );
}
