// The form of a silence: matchers, times, why; and at once which alerts it would keep quiet.
import { useRef, useState } from "preact/hooks";
import { setParameters } from "../../address";
import { useLoaded } from "../../load";
import { seconds } from "../../time";
import { duration, written } from "../../units";
import { wording } from "../../words";
import { Trouble } from "../../parts/small";
import { useActs } from "./acts";
import { expireSilence, putSilence, taken } from "./data";
import {
  ALL_SIGNS,
  equals,
  isWhole,
  localTime,
  matcherText,
  moment,
  readMatcher,
  signOf,
  withSign,
  type Matcher,
  type Sign,
  type Silence,
} from "./model";
import { Labels } from "./text";
import { say } from "./words";

const here = wording({
  newOne: ["New silence", "新建静默"],
  change: ["Change the silence", "修改静默"],
  matchers: ["Alerts whose labels match all of these", "标签满足以下全部条件的告警"],
  name: ["Label", "标签"],
  sign: ["How", "匹配方式"],
  value: ["Value", "值"],
  add: ["Add a matcher", "添加条件"],
  drop: ["Remove this matcher", "移除此条件"],
  starts: ["From", "开始"],
  ends: ["Until", "结束"],
  lasts: ["Lasts {0}", "持续 {0}"],
  by: ["By", "创建者"],
  comment: ["Comment", "备注"],
  save: ["Silence", "静默"],
  saved: ["Silenced until {0}.", "已静默至 {0}。"],
  noTime: ["The end must be after the start.", "结束时间必须晚于开始时间。"],
  preview: ["It would keep quiet", "将被静默的告警"],
  previewNone: ["No alert that fires now.", "当前没有符合的触发中告警。"],
  previewCount: ["alerts that fire now: {0}", "当前触发中：{0} 条"],
  unfinished: ["Finish the matchers to see which alerts they take.", "完善条件后即可预览。"],
  more: ["and {0} more", "以及另外 {0} 条"],
});

const LENGTHS = ["1h", "2h", "8h", "1d", "7d"] as const;
const FEW = 20;

function initial(silence: Silence | undefined): Matcher[] {
  if (silence) return silence.matchers;
  const given = new URLSearchParams(location.search).getAll("m");
  const read = given.map(readMatcher).filter((each) => each !== null);
  return read.length ? read : [equals("alertname", "")];
}

export function Editor(props: { silence: Silence | undefined }) {
  const { silence } = props;
  const { me, tell } = useActs();
  const now = useRef(Date.now() / 1000).current;
  const isOver = silence?.status.state === "expired";
  const goesOn = silence && !isOver;
  const [matchers, setMatchers] = useState(() => initial(silence));
  const [starts, setStarts] = useState(() => localTime(goesOn ? moment(silence.startsAt) : now));
  const [ends, setEnds] = useState(() => localTime(goesOn ? moment(silence.endsAt) : now + 7200));
  const [by, setBy] = useState(silence?.createdBy || me.name);
  const [comment, setComment] = useState(silence?.comment ?? "");
  const [error, setError] = useState<Error>();
  const from = Date.parse(starts) / 1000;
  const to = Date.parse(ends) / 1000;
  const whole = matchers.filter((each) => each.name || each.value);
  const close = () => setParameters({ edit: "", m: "" });
  const save = async () => {
    if (!(to > from)) return setError(new Error(here("noTime")));
    // The field has minutes: what began before, or begins in this one, begins as it did, or now.
    const begins =
      goesOn && starts === localTime(moment(silence.startsAt))
        ? moment(silence.startsAt)
        : Math.max(from, Date.now() / 1000);
    try {
      const wanted = { matchers: whole, starts: begins, ends: to, createdBy: by, comment };
      const id = await putSilence(goesOn ? { ...wanted, id: silence.id } : wanted);
      tell(
        goesOn
          ? { text: here("saved", written(to, "time")) }
          : { text: here("saved", written(to, "time")), undo: () => expireSilence(id) },
      );
      close();
    } catch (failure) {
      setError(failure as Error);
    }
  };
  return (
    <form
      class="box al-form"
      aria-label={here(goesOn ? "change" : "newOne")}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <h2>{here(goesOn ? "change" : "newOne")}</h2>
      <Matchers matchers={matchers} onChange={setMatchers} />
      <div class="al-two">
        <label>
          {here("starts")}
          <input
            type="datetime-local"
            required
            value={starts}
            onInput={(event) => setStarts(event.currentTarget.value)}
          />
        </label>
        <label>
          {here("ends")}
          <input type="datetime-local" required value={ends} onInput={(event) => setEnds(event.currentTarget.value)} />
        </label>
        <label>
          {here("by")}
          <input value={by} maxLength={200} onInput={(event) => setBy(event.currentTarget.value)} />
        </label>
        <label>
          {here("comment")}
          <input value={comment} maxLength={1000} onInput={(event) => setComment(event.currentTarget.value)} />
        </label>
      </div>
      <div class="al-lengths">
        {LENGTHS.map((each) => (
          <button key={each} type="button" onClick={() => setEnds(localTime((from || now) + (seconds(each) ?? 0)))}>
            {each}
          </button>
        ))}
        <span class="dim">{to > from ? here("lasts", duration(to - from)) : here("noTime")}</span>
      </div>
      <Preview matchers={whole} />
      <Trouble error={error} />
      <div class="al-lengths">
        <button class="primary">{here("save")}</button>
        <button type="button" onClick={close}>
          {say("cancel")}
        </button>
      </div>
    </form>
  );
}

function Matchers(props: { matchers: readonly Matcher[]; onChange: (matchers: Matcher[]) => void }) {
  const { matchers, onChange } = props;
  const put = (place: number, matcher: Matcher) =>
    onChange(matchers.map((each, at) => (at === place ? matcher : each)));
  return (
    <fieldset>
      <legend>{here("matchers")}</legend>
      {matchers.map((matcher, place) => (
        <div class="al-matcher" key={place}>
          <input
            aria-label={here("name")}
            placeholder={here("name")}
            pattern="[a-zA-Z_][a-zA-Z0-9_]*"
            value={matcher.name}
            onInput={(event) => put(place, { ...matcher, name: event.currentTarget.value.trim() })}
          />
          <select
            aria-label={here("sign")}
            value={signOf(matcher)}
            onChange={(event) => put(place, withSign(matcher, event.currentTarget.value as Sign))}
          >
            {ALL_SIGNS.map((sign) => (
              <option key={sign}>{sign}</option>
            ))}
          </select>
          <input
            aria-label={here("value")}
            placeholder={here("value")}
            value={matcher.value}
            onInput={(event) => put(place, { ...matcher, value: event.currentTarget.value })}
          />
          <button
            type="button"
            aria-label={here("drop")}
            title={here("drop")}
            onClick={() => onChange(matchers.filter((_, at) => at !== place))}
          >
            ✕
          </button>
        </div>
      ))}
      <button type="button" onClick={() => onChange([...matchers, equals("", "")])}>
        + {here("add")}
      </button>
    </fieldset>
  );
}

function Preview(props: { matchers: readonly Matcher[] }) {
  const { matchers } = props;
  const ready = matchers.length > 0 && matchers.every(isWhole) && matchers.some((each) => each.value);
  const key = ready ? matchers.map(matcherText).join(",") : "";
  const found = useLoaded(`preview ${key}`, async (signal) => (ready ? taken(matchers, signal) : []), 5);
  const alerts = found.data ?? [];
  return (
    <div class="al-preview" role="status">
      <strong>{here("preview")}</strong>{" "}
      <span class="dim">
        {!ready ? here("unfinished") : alerts.length ? here("previewCount", alerts.length) : here("previewNone")}
      </span>
      {found.error ? <Trouble error={found.error} /> : null}
      {ready ? (
        <ul>
          {alerts.slice(0, FEW).map((alert) => (
            <li key={alert.fingerprint}>
              <Labels labels={alert.labels} />
            </li>
          ))}
          {alerts.length > FEW ? <li class="dim">{here("more", alerts.length - FEW)}</li> : null}
        </ul>
      ) : null}
    </div>
  );
}
