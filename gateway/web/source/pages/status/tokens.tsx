// Tokens: who may come in without a password. A new one is shown once, with the command that uses it.
import { useState } from "preact/hooks";
import { ask } from "../../api";
import { useParameter } from "../../address";
import { useLoaded } from "../../load";
import { Badge, Table, Trouble, type Column } from "../../parts/small";
import { ago, written } from "../../units";
import { wording } from "../../words";
import type { TabProps } from "../status";
import { OpenWarning, RoleChoice, Shutting } from "./accounts";
import { Confirm, Copied, Loading, Problems, useAct } from "./parts";

const say = wording({
  tokens: ["Tokens", "令牌"],
  make: ["New token", "新建令牌"],
  kind: ["For", "用途"],
  agent: ["agents", "代理"],
  read: ["reading some series", "读取部分时间序列"],
  role: ["a role", "角色"],
  agents: ["Names, with * and ?", "名称，可用 * 和 ?"],
  selector: ["Series it may read", "可读取的时间序列"],
  note: ["Note", "备注"],
  expires: ["Ends", "有效期"],
  never: ["never", "永久"],
  days: ["in {0} days", "{0} 天后"],
  create: ["Make the token", "创建令牌"],
  shuts: [
    "If no user who is an admin is there by then, nobody can come back to this page: add that user first. Agents that run already need a token, too.",
    "如果届时没有 admin 用户，将无人能够返回此页面：请先添加该用户。已在运行的代理也需要令牌。",
  ],
  secret: ["The token. It is shown only now.", "令牌，仅此一次显示。"],
  command: ["To run an agent with it", "使用此令牌运行代理"],
  use: ["To ask with it", "使用此令牌查询"],
  done: ["I have it", "我已保存"],
  empty: ["There is no token.", "尚无令牌。"],
  what: ["May", "权限"],
  by: ["Made", "创建"],
  made: ["{0} by {1}", "{0}，创建者 {1}"],
  used: ["Last used", "最近使用"],
  usedAgo: ["{0} ago", "{0}前"],
  unused: ["never", "从未"],
  expired: ["ended", "已过期"],
  revoke: ["Revoke", "吊销"],
  revokeOf: ["Revoke token {0}?", "吊销令牌 {0}？"],
  revokeText: ["Whoever uses it is refused at once. This can't be undone.", "使用者将立即被拒绝。此操作无法撤销。"],
});

interface Token {
  id: string;
  kind: string;
  agents: string[];
  selector: string;
  role?: string | null;
  note: string;
  created: number;
  created_by: string;
  expires: number | null;
  last_used: number | null;
}

const KINDS = ["agent", "read", "role"] as const;
type Kind = (typeof KINDS)[number];
const DAYS = [7, 30, 90, 365] as const;

export function Tokens({ who }: TabProps) {
  const [made, setMade] = useState<Token & { token: string }>();
  const shown = made ? (
    <Made token={made} onDone={() => setMade(undefined)} />
  ) : (
    <Make isOpen={who.open} onMade={setMade} />
  );
  // With the first token the gateway shuts: asking it for the list would lead away, before the secret is taken.
  if (made && who.open) return shown;
  return (
    <>
      <OpenWarning open={who.open} />
      {shown}
      <All key={made?.id ?? ""} />
    </>
  );
}

function All() {
  const [order, setOrder] = useParameter("order", "-created");
  const [revoking, setRevoking] = useState<Token>();
  const tokens = useLoaded("tokens", (signal) => ask<Token[]>("/api/v1/tokens", { signal }), 30);
  const revoke = async (token: Token) => {
    await ask(`/api/v1/tokens/${encodeURIComponent(token.id)}`, { method: "DELETE" });
    tokens.again();
  };
  const buttons: Column<Token> = {
    key: "do",
    title: "",
    cell: (token) => (
      <span class="buttons">
        <button
          type="button"
          class="danger"
          onClick={() => setRevoking(token)}
          aria-label={`${say("revoke")}: ${token.id}`}
        >
          {say("revoke")}
        </button>
      </span>
    ),
  };
  return (
    <>
      <section class="box">
        <h2>{say("tokens")}</h2>
        <Trouble error={tokens.error} />
        {tokens.data || tokens.error ? null : <Loading />}
        {tokens.data?.length === 0 ? <p class="dim">{say("empty")}</p> : null}
        {tokens.data?.length ? (
          <Table
            caption={say("tokens")}
            columns={[...COLUMNS, buttons]}
            rows={tokens.data}
            id={(token) => token.id}
            order={order}
            onOrder={setOrder}
          />
        ) : null}
      </section>
      {revoking ? (
        <Confirm
          title={say("revokeOf", revoking.id)}
          action={say("revoke")}
          onAct={() => revoke(revoking)}
          onClose={() => setRevoking(undefined)}
        >
          {say("revokeText")}
        </Confirm>
      ) : null}
    </>
  );
}

const COLUMNS: readonly Column<Token>[] = [
  { key: "id", title: "id", by: (token) => token.id, cell: (token) => <code>{token.id}</code> },
  {
    key: "what",
    title: say("what"),
    by: (token) => token.kind,
    cell: (token) => (
      <span class="chips">
        <Badge kind="dim">{token.kind}</Badge>
        {token.agents.map((each) => (
          <code key={each}>{each}</code>
        ))}
        {token.selector ? <code>{token.selector}</code> : null}
      </span>
    ),
  },
  { key: "note", title: say("note"), by: (token) => token.note, cell: (token) => token.note },
  {
    key: "created",
    title: say("by"),
    by: (token) => token.created,
    cell: (token) => say("made", new Date(token.created * 1000).toLocaleDateString(), token.created_by),
  },
  {
    key: "used",
    title: say("used"),
    by: (token) => token.last_used ?? 0,
    cell: (token) => (token.last_used ? say("usedAgo", ago(token.last_used)) : say("unused")),
  },
  {
    key: "expires",
    title: say("expires"),
    by: (token) => token.expires ?? Infinity,
    cell: (token) => {
      if (token.expires === null) return say("never");
      return token.expires < Date.now() / 1000 ? (
        <Badge kind="warn">{say("expired")}</Badge>
      ) : (
        written(token.expires, "time")
      );
    },
  },
];

function Make(props: { isOpen: boolean; onMade: (token: Token & { token: string }) => void }) {
  const [kind, setKind] = useState<Kind>("agent");
  const [asking, setAsking] = useState<object>();
  const act = useAct();
  const send = async (body: object) =>
    props.onMade(await ask<Token & { token: string }>("/api/v1/tokens", { method: "POST", body }));
  const make = async (fields: FormData) => {
    const text = (name: string) => String(fields.get(name) ?? "").trim();
    const may =
      kind === "agent"
        ? {
            agents: text("agents")
              .split(/[,，\s]+/)
              .filter(Boolean),
          }
        : kind === "read"
          ? { selector: text("selector") }
          : { role: text("role") };
    const body = {
      ...may,
      ...(text("note") ? { note: text("note") } : {}),
      ...(text("expires") ? { expires_in: text("expires") } : {}),
    };
    if (props.isOpen) setAsking(body);
    else await act.run(() => send(body));
  };
  return (
    <section class="box">
      <h2>{say("make")}</h2>
      <form
        class="form across"
        onSubmit={(event) => {
          event.preventDefault();
          void make(new FormData(event.currentTarget));
        }}
      >
        <label>
          {say("kind")}
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
            {KINDS.map((each) => (
              <option key={each} value={each}>
                {say(each)}
              </option>
            ))}
          </select>
        </label>
        {kind === "agent" ? (
          <label class="wide">
            {say("agents")}
            <input name="agents" required defaultValue="*" spellcheck={false} />
          </label>
        ) : null}
        {kind === "read" ? (
          <label class="wide">
            {say("selector")}
            <input name="selector" required placeholder={'{instance=~"prod-.*"}'} spellcheck={false} />
          </label>
        ) : null}
        {kind === "role" ? <RoleChoice /> : null}
        <label>
          {say("expires")}
          <select name="expires">
            <option value="">{say("never")}</option>
            {DAYS.map((each) => (
              <option key={each} value={`${each}d`}>
                {say("days", each)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {say("note")}
          <input name="note" maxLength={200} />
        </label>
        <button class="primary" disabled={act.busy}>
          {say("create")}
        </button>
        <Problems error={act.error} />
      </form>
      {asking ? (
        <Shutting action={say("create")} onAct={() => send(asking)} onClose={() => setAsking(undefined)}>
          {say("shuts")}
        </Shutting>
      ) : null}
    </section>
  );
}

function Made(props: { token: Token & { token: string }; onDone: () => void }) {
  const { token, agents } = props.token;
  const command = agents.length
    ? `(umask 077; echo '${token}' > token)\nfleetgauge agent --gateway ${location.origin} --token-file token`
    : `curl -H 'Authorization: Bearer ${token}' '${location.origin}/api/v1/query?query=up'`;
  return (
    <section class="box told" role="status">
      <Copied text={token} label={say("secret")} />
      <Copied text={command} label={agents.length ? say("command") : say("use")} />
      <button type="button" class="primary" onClick={props.onDone}>
        {say("done")}
      </button>
    </section>
  );
}
