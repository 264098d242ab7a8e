// Versions of a managed group: what was changed from one to another, and bringing one back.
import { useState } from "preact/hooks";
import { ask } from "../../api";
import { setParameters, useAddress } from "../../address";
import { Badge, Table, type Column } from "../../parts/small";
import { wording } from "../../words";
import { difference, type Line } from "./diff";
import { Confirm } from "./parts";
import type { Managed, Version } from "./rulefile";

const say = wording({
  title: ["Versions", "版本"],
  version: ["Version", "版本"],
  state: ["State", "状态"],
  on: ["on", "启用"],
  off: ["off", "停用"],
  deleted: ["deleted", "已删除"],
  changed: ["Changed", "修改时间"],
  by: ["By", "修改者"],
  diff: ["What changed", "查看差异"],
  restore: ["Restore", "恢复"],
  restoreOf: ["Restore version {0}?", "恢复版本 {0}？"],
  restoreText: [
    "Its text is taken into use at once, as a new version. Nothing is lost.",
    "其文本将作为新版本立即生效，不会丢失任何内容。",
  ],
  from: ["From version", "从版本"],
  to: ["to version", "到版本"],
  same: ["The texts are the same.", "文本相同。"],
  nothing: ["nothing", "无"],
  changes: ["Lines added: {0}, removed: {1}", "新增 {0} 行，删除 {1} 行"],
});

export function Versions(props: { group: Managed; may: boolean; again: () => void }) {
  const { versions, name } = props.group;
  const [restoring, setRestoring] = useState<Version>();
  const restore = async (version: Version) => {
    await ask(`/api/v1/rules/managed/${encodeURIComponent(name)}`, {
      method: "PUT",
      body: { version: version.version },
    });
    sessionStorage.removeItem(`fleetgauge:rules:${name}`);
    props.again();
  };
  const columns: Column<Version>[] = [
    { key: "version", title: say("version"), cell: (one) => one.version },
    {
      key: "state",
      title: say("state"),
      cell: (one) => (
        <Badge kind={one.deleted ? "bad" : one.enabled ? "good" : "dim"}>
          {say(one.deleted ? "deleted" : one.enabled ? "on" : "off")}
        </Badge>
      ),
    },
    { key: "changed", title: say("changed"), cell: (one) => new Date(one.changedAt).toLocaleString() },
    { key: "by", title: say("by"), cell: (one) => one.changedBy },
    {
      key: "do",
      title: "",
      cell: (one) => (
        <span class="buttons">
          <button
            type="button"
            aria-label={`${say("diff")}: ${one.version}`}
            onClick={() => setParameters({ v: String(one.version), against: "" })}
          >
            {say("diff")}
          </button>
          {props.may && (one !== versions[0] || one.deleted) ? (
            <button type="button" aria-label={`${say("restore")}: ${one.version}`} onClick={() => setRestoring(one)}>
              {say("restore")}
            </button>
          ) : null}
        </span>
      ),
    },
  ];
  return (
    <section class="box">
      <h2>{say("title")}</h2>
      <Table
        caption={say("title")}
        columns={columns}
        rows={versions}
        id={(one) => String(one.version)}
        order=""
        onOrder={() => undefined}
      />
      <Difference versions={versions} />
      {restoring ? (
        <Confirm
          title={say("restoreOf", restoring.version)}
          action={say("restore")}
          onAct={() => restore(restoring)}
          onClose={() => setRestoring(undefined)}
        >
          {say("restoreText")}
        </Confirm>
      ) : null}
    </section>
  );
}

/** The version `v` of the address beside `against`, or beside the one before it. */
function Difference(props: { versions: readonly Version[] }) {
  const parameters = useAddress().searchParams;
  const at = props.versions.findIndex((one) => String(one.version) === parameters.get("v"));
  const after = props.versions[at];
  if (!after) return null;
  const wanted = parameters.get("against");
  const before = props.versions.find((one) => String(one.version) === wanted) ?? props.versions[at + 1];
  const lines = difference(before?.text ?? "", after.text);
  const count = (kind: Line["kind"]) => lines.filter((each) => each.kind === kind).length;
  const choice = (label: string, value: string, name: string, isOpen: boolean) => (
    <label class="beside">
      {label}
      <select value={value} onChange={(event) => setParameters({ [name]: event.currentTarget.value })}>
        {isOpen ? <option value="">{say("nothing")}</option> : null}
        {props.versions.map((one) => (
          <option key={one.version} value={String(one.version)}>
            {one.version}
          </option>
        ))}
      </select>
    </label>
  );
  const isSame = before?.text === after.text;
  return (
    <>
      <div class="bar">
        {choice(say("from"), String(before?.version ?? ""), "against", !before)}
        {choice(say("to"), String(after.version), "v", false)}
        <span class="dim" role="status">
          {isSame ? say("same") : say("changes", count("added"), count("removed"))}
        </span>
      </div>
      {isSame ? null : (
        <pre class="diff" tabIndex={0}>
          {lines.map((each, index) => (
            <span key={index} class={each.kind}>
              {each.kind === "added" ? "+ " : each.kind === "removed" ? "- " : "  "}
              {each.text}
              {"\n"}
            </span>
          ))}
        </pre>
      )}
    </>
  );
}
