// Silences: what is not told, until when, by whom; and how to change that.
import { useState } from "preact/hooks";
import { setParameters, useParameter } from "../../address";
import { duration, written } from "../../units";
import { wording } from "../../words";
import { Badge, Trouble } from "../../parts/small";
import { useActs } from "./acts";
import { expireSilence, putSilence, useSilences } from "./data";
import { Editor } from "./editor";
import { hasWords, matcherText, moment, takes, type Alert, type Kind, type Silence } from "./model";
import { Empty, Loading, Written } from "./text";
import { say } from "./words";

const here = wording({
  make: ["New silence", "新建静默"],
  nothing: ["No silences", "没有静默"],
  nothingText: [
    "Silence an alert where it fires, or make a silence ahead of planned work.",
    "可在触发的告警处直接静默，或在计划维护前新建静默。",
  ],
  current: ["Current", "当前"],
  ends: ["ends in {0} – {1}", "{0}后结束 – {1}"],
  starts: ["starts {0}, ends {1}", "{0} 开始，{1} 结束"],
  ended: ["ended {0}", "结束于 {0}"],
  by: ["by {0}", "创建者 {0}"],
  affects: ["alerts: {0}", "告警：{0} 条"],
  edit: ["Edit", "编辑"],
  extend: ["+1 h", "+1 小时"],
  extendLong: ["An hour longer", "延长一小时"],
  expire: ["End now", "立即结束"],
  again: ["Again", "再次静默"],
  expired: ["The silence has ended.", "静默已结束。"],
  extended: ["Silent until {0}.", "静默至 {0}。"],
  whole: ["Show all {0}", "显示全部 {0} 个"],
});

const KINDS: Record<Silence["status"]["state"], Kind> = { active: "good", pending: "warn", expired: "dim" };
const SHOWN = ["current", "active", "pending", "expired"] as const;
const FEW = 50;

export function Silences(props: { alerts: readonly Alert[] }) {
  const { me, turn } = useActs();
  const silences = useSilences(turn);
  const [edited] = useParameter("edit");
  const [show] = useParameter("show", "current");
  const [search] = useParameter("q");
  const [whole, setWhole] = useParameter("whole");
  if (!silences.data) return silences.error ? <Trouble error={silences.error} /> : <Loading />;
  const all = silences.data;
  const fits = all
    .filter((each) => (show === "current" ? each.status.state !== "expired" : each.status.state === show))
    .filter((each) => hasWords([...each.matchers.map(matcherText), each.createdBy, each.comment], search));
  const rows = whole ? fits : fits.slice(0, FEW);
  const draft = all.find((each) => each.id === edited);
  return (
    <>
      <Trouble error={silences.error} />
      <Bar silences={all} />
      {me.edits && (edited === "new" || draft) ? <Editor key={edited} silence={draft} /> : null}
      {rows.length ? null : search || show !== "current" ? (
        <Empty title={all.length ? say("nothingFound") : here("nothing")} />
      ) : (
        <Empty title={here("nothing")} text={here("nothingText")} />
      )}
      {rows.map((each) => (
        <One key={each.id} silence={each} alerts={props.alerts} />
      ))}
      {fits.length > rows.length ? (
        <button type="button" onClick={() => setWhole("1", true)}>
          {here("whole", fits.length)}
        </button>
      ) : null}
    </>
  );
}

function Bar(props: { silences: readonly Silence[] }) {
  const { me } = useActs();
  const [show, setShow] = useParameter("show", "current");
  const [search, setSearch] = useParameter("q");
  const count = (wanted: (typeof SHOWN)[number]) =>
    props.silences.filter(({ status }) => (wanted === "current" ? status.state !== "expired" : status.state === wanted))
      .length;
  return (
    <div class="bar">
      <div class="al-choice" role="group" aria-label={say("state")}>
        {SHOWN.map((each) => (
          <button key={each} type="button" aria-pressed={show === each} onClick={() => setShow(each)}>
            {each === "current" ? here("current") : say(each)} <span class="dim">{count(each)}</span>
          </button>
        ))}
      </div>
      <input
        class="push al-find"
        type="search"
        placeholder={say("search")}
        aria-label={say("search")}
        value={search}
        onInput={(event) => setSearch(event.currentTarget.value, true)}
      />
      {me.edits ? (
        <button type="button" class="primary" onClick={() => setParameters({ edit: "new" })}>
          {here("make")}
        </button>
      ) : null}
    </div>
  );
}

/** How many alerts that fire now a silence keeps quiet; null when browsers can't say. */
function affected(silence: Silence, alerts: readonly Alert[]): number | null {
  if (silence.status.state === "active")
    return alerts.filter((each) => each.status.silencedBy.includes(silence.id)).length;
  if (silence.status.state === "expired" || silence.matchers.some((each) => each.isRegex)) return null;
  return alerts.filter((each) => takes(silence.matchers, each.labels)).length;
}

function One(props: { silence: Silence; alerts: readonly Alert[] }) {
  const { silence } = props;
  const { me } = useActs();
  const [open] = useParameter("open");
  const state = silence.status.state;
  const count = affected(silence, props.alerts);
  return (
    <article class={`box al-silence ${open === silence.id ? "chosen" : ""}`}>
      <div class="al-head">
        <Badge kind={KINDS[state]}>{say(state)}</Badge>
        <span class="al-labels">
          {silence.matchers.map((matcher) => (
            <code class="al-label" key={matcherText(matcher)}>
              {matcherText(matcher)}
            </code>
          ))}
        </span>
        {count === null ? null : <span class="dim">{here("affects", count)}</span>}
        {me.edits ? <Actions silence={silence} /> : null}
      </div>
      {silence.comment ? (
        <p class="al-lines">
          <Written text={silence.comment} />
        </p>
      ) : null}
      <p class="dim">
        {time(silence)} · {here("by", silence.createdBy || "–")}
      </p>
    </article>
  );
}

function time(silence: Silence): string {
  const starts = moment(silence.startsAt);
  const ends = moment(silence.endsAt);
  if (silence.status.state === "pending") return here("starts", written(starts, "time"), written(ends, "time"));
  if (silence.status.state === "expired") return here("ended", written(ends, "time"));
  return here("ends", duration(ends - Date.now() / 1000), written(ends, "time"));
}

function Actions({ silence }: { silence: Silence }) {
  const { me, tell } = useActs();
  const [error, setError] = useState<Error>();
  const trying = async (act: () => Promise<void>) => {
    try {
      await act();
      setError(undefined);
    } catch (failure) {
      setError(failure as Error);
    }
  };
  const put = (ends: number, id = silence.id) =>
    putSilence({ ...silence, id, starts: moment(silence.startsAt), ends }).then(() => undefined);
  const extend = async () => {
    const before = moment(silence.endsAt);
    await put(before + 3600);
    tell({ text: here("extended", written(before + 3600, "time")), undo: () => put(before) });
  };
  const expire = async () => {
    const before = moment(silence.endsAt);
    await expireSilence(silence.id);
    const { matchers, comment } = silence;
    const back = { matchers, comment, createdBy: silence.createdBy || me.name, ends: before };
    tell({
      text: here("expired"),
      undo: () =>
        putSilence({ ...back, starts: Math.max(moment(silence.startsAt), Date.now() / 1000) }).then(() => undefined),
    });
  };
  const isOver = silence.status.state === "expired";
  return (
    <span class="push al-buttons">
      <button type="button" onClick={() => setParameters({ edit: silence.id })}>
        {here(isOver ? "again" : "edit")}
      </button>
      {isOver ? null : (
        <>
          <button type="button" title={here("extendLong")} onClick={() => void trying(extend)}>
            {here("extend")}
          </button>
          <button type="button" onClick={() => void trying(expire)}>
            {here("expire")}
          </button>
        </>
      )}
      <Trouble error={error} />
    </span>
  );
}
