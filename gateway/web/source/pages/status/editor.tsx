// A managed group: its text, checked while one types, tried before it is saved; its versions.
import { useEffect, useState } from "preact/hooks";
import { ask, Refused } from "../../api";
import { go } from "../../address";
import { useLoaded } from "../../load";
import { Badge, Trouble } from "../../parts/small";
import { wording } from "../../words";
import { BacktestGroup } from "./backtest";
import { CodeBox } from "./codebox";
import { Confirm, Loading, Problems, useAct } from "./parts";
import { Preview } from "./preview";
import { beginning, problemsOf, type Checked, type Managed } from "./rulefile";
import { Versions } from "./versions";

const say = wording({
  text: ["Rule file with one group", "包含一个规则组的规则文件"],
  save: ["Save as version {0}", "保存为版本 {0}"],
  saveNew: ["Save the group", "保存规则组"],
  saved: ["Saved, and in use.", "已保存并生效。"],
  preview: ["Evaluate now", "立即求值"],
  backtest: ["Backtest", "回测"],
  on: ["on", "启用"],
  off: ["off", "停用"],
  deleted: ["deleted", "已删除"],
  turnOn: ["Switch on", "启用"],
  turnOff: ["Switch off", "停用"],
  remove: ["Delete", "删除"],
  removeOf: ["Delete the group {0}?", "删除规则组 {0}？"],
  removeText: [
    "It goes out of use at once, and its alerts end. Its versions stay, and one of them can be brought back.",
    "规则组立即停用，其告警随之结束。版本会保留，可恢复其中之一。",
  ],
  readOnly: ["{0} may look at rules; to change them takes the right “edit”.", "{0} 可以查看规则；修改需要“edit”权限。"],
  draft: ["You changed this and did not save it yet.", "有未保存的更改。"],
  drop: ["Drop my changes", "放弃更改"],
  exists: ["There is a group {0} already: this becomes its next version.", "规则组 {0} 已存在：将成为其新版本。"],
  renamed: ["The group in the text is called {0}, this one {1}.", "文本中的规则组名为 {0}，而此处为 {1}。"],
  one: ["There must be one group in the text.", "文本中必须有且仅有一个规则组。"],
});

const CHECK_AFTER_MS = 400;

/** What was typed and not saved: kept for the tab of the browser, until it is saved or dropped. */
function useDraft(key: string): [string | null, (text: string | null) => void] {
  const place = `fleetgauge:rules:${key}`;
  const [text, setText] = useState(() => sessionStorage.getItem(place));
  return [
    text,
    (wanted) => {
      if (wanted === null) sessionStorage.removeItem(place);
      else sessionStorage.setItem(place, wanted);
      setText(wanted);
    },
  ];
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), CHECK_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** The group as it is kept; undefined for one that is new. */
async function kept(name: string, signal: AbortSignal): Promise<Managed | undefined> {
  if (!name) return undefined;
  return ask<Managed>(`/api/v1/rules/managed/${encodeURIComponent(name)}`, { signal });
}

export function Editor(props: { name: string; expr: string; may: boolean; who: string }) {
  const [isSaved, setSaved] = useState(false);
  const group = useLoaded(props.name || "new", async (signal) => ({ kept: await kept(props.name, signal) }));
  if (group.error) return <Trouble error={group.error} />;
  if (!group.data) return <Loading />;
  const { kept: newest } = group.data;
  return (
    <Open
      key={newest?.version ?? 0}
      {...props}
      kept={newest}
      again={group.again}
      isSaved={isSaved}
      setSaved={setSaved}
    />
  );
}

interface OpenProps {
  name: string;
  expr: string;
  may: boolean;
  who: string;
  kept: Managed | undefined;
  again: () => void;
  isSaved: boolean;
  setSaved: (isSaved: boolean) => void;
}

function Open(props: OpenProps) {
  const { name, may, isSaved, setSaved } = props;
  const [draft, setDraft] = useDraft(name || `new ${props.expr}`);
  const [tried, setTried] = useState<"" | "preview" | "backtest">("");
  const save = useAct();
  const base = props.kept?.text ?? beginning(props.expr);
  const text = draft ?? base;
  const isDirty = draft !== null && draft !== base;
  const checked = useChecked(text, may);
  const group = checked.groups?.length === 1 ? checked.groups[0] : undefined;
  const trouble =
    checked.groups && !group
      ? say("one")
      : group && name && group.name !== name
        ? say("renamed", group.name, name)
        : "";
  const type = (wanted: string) => {
    setSaved(false);
    setDraft(wanted === base ? null : wanted);
  };
  const put = async () => {
    if (!group) return;
    const path = `/api/v1/rules/managed/${encodeURIComponent(group.name)}`;
    const enabled = props.kept && !props.kept.deleted ? props.kept.enabled : true;
    if (!(await save.run(() => ask(path, { method: "PUT", body: { text, enabled } })))) return;
    setDraft(null);
    setSaved(true);
    if (name) props.again();
    else go(`/status?tab=rules&group=${encodeURIComponent(group.name)}`);
  };
  const next = (props.kept?.versions[0]?.version ?? 0) + 1;
  return (
    <>
      {props.kept ? <Switches group={props.kept} may={may} again={props.again} /> : null}
      {may ? null : <p class="warning">{say("readOnly", props.who)}</p>}
      <section class="box">
        <CodeBox
          label={say("text")}
          text={text}
          onText={type}
          readOnly={!may}
          problems={checked.problems}
          state={checked.state}
        />
        {trouble ? <p class="warning">{trouble}</p> : null}
        {name ? null : <Exists name={group?.name ?? ""} />}
        <Problems error={save.error} />
        <div class="bar buttons">
          {may ? (
            <button
              type="button"
              class="primary"
              disabled={save.busy || !group || Boolean(trouble) || (Boolean(name) && !isDirty && !props.kept?.deleted)}
              onClick={() => void put()}
            >
              {name ? say("save", next) : say("saveNew")}
            </button>
          ) : null}
          <button
            type="button"
            aria-pressed={tried === "preview"}
            disabled={may && !checked.groups}
            onClick={() => setTried(tried === "preview" ? "" : "preview")}
          >
            {say("preview")}
          </button>
          <button
            type="button"
            aria-pressed={tried === "backtest"}
            disabled={may && !checked.groups}
            onClick={() => setTried(tried === "backtest" ? "" : "backtest")}
          >
            {say("backtest")}
          </button>
          {isDirty ? (
            <>
              <span class="dim">{say("draft")}</span>
              <button type="button" onClick={() => setDraft(null)}>
                {say("drop")}
              </button>
            </>
          ) : null}
          <span class="good" role="status">
            {isSaved ? say("saved") : ""}
          </span>
        </div>
      </section>
      {tried === "preview" ? <Preview queries={(checked.groups ?? []).flatMap((each) => each.queries)} /> : null}
      {tried === "backtest" ? <BacktestGroup body={{ rules: text }} /> : null}
      {props.kept ? <Versions group={props.kept} may={may} again={props.again} /> : null}
    </>
  );
}

/** What the gateway says of the text, a moment after the last key. */
function useChecked(text: string, may: boolean) {
  const settled = useSettled(text);
  const found = useLoaded(`${may} ${settled}`, async (signal) => {
    if (!may) return { of: settled, groups: undefined, said: "" };
    try {
      const { groups } = await ask<Checked>("/api/v1/rules/check", { method: "POST", body: { text: settled }, signal });
      return { of: settled, groups, said: "" };
    } catch (error) {
      if (error instanceof Refused && error.status === 400)
        return { of: settled, groups: undefined, said: error.message };
      throw error;
    }
  });
  const isNew = found.data?.of === text;
  const said = found.error?.message ?? (isNew ? found.data?.said : "") ?? "";
  const state = !may ? "unchecked" : said ? "wrong" : isNew ? "fine" : "checking";
  return { groups: isNew ? found.data?.groups : undefined, problems: problemsOf(said), state } as const;
}

/** Warns that a new group has the name of one that is there. */
function Exists(props: { name: string }) {
  const all = useLoaded("managed", (signal) => ask<{ name: string }[]>("/api/v1/rules/managed", { signal }));
  return all.data?.some((each) => each.name === props.name) ? <p class="warning">{say("exists", props.name)}</p> : null;
}

function Switches(props: { group: Managed; may: boolean; again: () => void }) {
  const { name, enabled, deleted } = props.group;
  const [isAsking, setAsking] = useState(false);
  const act = useAct();
  const path = `/api/v1/rules/managed/${encodeURIComponent(name)}`;
  const turn = async () => {
    await act.run(() => ask(path, { method: "PUT", body: { enabled: !enabled } }));
    props.again();
  };
  const remove = async () => {
    await ask(path, { method: "DELETE" });
    props.again();
  };
  const state = deleted ? "deleted" : enabled ? "on" : "off";
  return (
    <div class="bar buttons">
      <Badge kind={state === "on" ? "good" : state === "deleted" ? "bad" : "dim"}>{say(state)}</Badge>
      {props.may && !deleted ? (
        <>
          <button type="button" disabled={act.busy} onClick={() => void turn()}>
            {enabled ? say("turnOff") : say("turnOn")}
          </button>
          <button type="button" class="danger" onClick={() => setAsking(true)}>
            {say("remove")}
          </button>
        </>
      ) : null}
      <Problems error={act.error} />
      {isAsking ? (
        <Confirm title={say("removeOf", name)} action={say("remove")} onAct={remove} onClose={() => setAsking(false)}>
          {say("removeText")}
        </Confirm>
      ) : null}
    </div>
  );
}
