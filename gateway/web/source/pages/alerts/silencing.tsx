// Silence in two clicks: the button of an alert or a group, and for how long.
import { useEffect, useRef, useState } from "preact/hooks";
import type { LabelSet } from "../../api";
import { Dialog } from "../../shell";
import { seconds } from "../../time";
import { written } from "../../units";
import { wording } from "../../words";
import { Trouble } from "../../parts/small";
import { useActs } from "./acts";
import { expireSilence, putSilence } from "./data";
import { equals, localTime, matcherText, takes, type Alert } from "./model";
import { say } from "./words";

const here = wording({
  title: ["Silence", "静默"],
  which: ["Alerts with these labels", "具有以下标签的告警"],
  takesCount: ["Alerts that fire now: {0}", "当前触发中：{0} 条"],
  takesNothing: ["Choose at least one label.", "请至少选择一个标签。"],
  long: ["For how long", "静默时长"],
  until: ["Until", "直到"],
  untilThen: ["Until then", "静默到该时刻"],
  comment: ["Comment", "备注"],
  by: ["By", "创建者"],
  done: ["Silenced until {0}.", "已静默至 {0}。"],
  past: ["That moment is in the past.", "该时刻已过去。"],
  other: ["More ways to choose", "更多匹配方式"],
});

const LENGTHS = ["1h", "2h", "8h", "1d"] as const;

interface Props {
  labels: LabelSet;
  /** Labels that are ticked at first. */
  ticked: readonly string[];
  alerts: readonly Alert[];
  /** Said to screen readers behind the word of the button. */
  what: string;
}

export function SilenceButton(props: Props) {
  const [open, setOpen] = useState(false);
  if (!useActs().me.edits) return null;
  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        aria-label={`${say("silence")}: ${props.what}`}
        onClick={() => setOpen(true)}
      >
        {say("silence")}
      </button>
      {open ? <Choice {...props} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function Choice(props: Props & { onClose: () => void }) {
  const { me, tell } = useActs();
  const [ticked, setTicked] = useState(props.ticked);
  const [comment, setComment] = useState("");
  const [by, setBy] = useState(me.name);
  const [until, setUntil] = useState(() => localTime(Date.now() / 1000 + 3600));
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const lengths = useRef<HTMLDivElement>(null);
  useEffect(() => lengths.current?.querySelector("button")?.focus(), []);
  const names = Object.keys(props.labels).sort();
  const matchers = names.filter((name) => ticked.includes(name)).map((name) => equals(name, props.labels[name] ?? ""));
  const count = props.alerts.filter((alert) => takes(matchers, alert.labels)).length;
  const silence = async (ends: number) => {
    const now = Date.now() / 1000;
    if (!(ends > now)) return setError(new Error(here("past")));
    setBusy(true);
    try {
      const id = await putSilence({ matchers, starts: now, ends, createdBy: by, comment });
      tell({ text: here("done", written(ends, "time")), undo: () => expireSilence(id) });
      props.onClose();
    } catch (failure) {
      setError(failure as Error);
      setBusy(false);
    }
  };
  const off = busy || !matchers.length;
  const toggle = (name: string) =>
    setTicked((before) => (before.includes(name) ? before.filter((each) => each !== name) : [...before, name]));
  const form = `/alerts?${new URLSearchParams([["tab", "silences"], ["edit", "new"], ...matchers.map((each) => ["m", matcherText(each)])])}`;
  return (
    <Dialog title={here("title")} onClose={props.onClose}>
      <div class="al-form">
        <fieldset>
          <legend>{here("which")}</legend>
          {names.map((name) => (
            <label class="al-tick" key={name}>
              <input type="checkbox" checked={ticked.includes(name)} onChange={() => toggle(name)} />
              <span>
                <span class="dim">{name}=</span>
                {props.labels[name]}
              </span>
            </label>
          ))}
          <p class="dim" role="status">
            {matchers.length ? here("takesCount", count) : here("takesNothing")} ·{" "}
            <a href={form} onClick={props.onClose}>
              {here("other")}
            </a>
          </p>
        </fieldset>
        <div class="al-two">
          <label>
            {here("comment")}
            <input value={comment} maxLength={1000} onInput={(event) => setComment(event.currentTarget.value)} />
          </label>
          <label>
            {here("by")}
            <input value={by} maxLength={200} onInput={(event) => setBy(event.currentTarget.value)} />
          </label>
        </div>
        <fieldset>
          <legend>{here("long")}</legend>
          <div class="al-lengths" ref={lengths}>
            {LENGTHS.map((each) => (
              <button
                key={each}
                type="button"
                class="primary"
                disabled={off}
                onClick={() => void silence(Date.now() / 1000 + (seconds(each) ?? 0))}
              >
                {each}
              </button>
            ))}
            <span class="al-until">
              <input
                type="datetime-local"
                aria-label={here("until")}
                value={until}
                onInput={(event) => setUntil(event.currentTarget.value)}
              />
              <button type="button" disabled={off} onClick={() => void silence(Date.parse(until) / 1000)}>
                {here("untilThen")}
              </button>
            </span>
          </div>
        </fieldset>
        <Trouble error={error} />
      </div>
    </Dialog>
  );
}
