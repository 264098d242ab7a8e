// The page of alerts: its tabs, how many fire, and what was just changed.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useParameter } from "../address";
import { Trouble } from "../parts/small";
import { wording } from "../words";
import { ActsContext, type Told } from "./alerts/acts";
import { NOBODY, useAlerts, useMe, useTitle } from "./alerts/data";
import { Firing, stateOf } from "./alerts/firing";
import { History } from "./alerts/history";
import type { Alert } from "./alerts/model";
import { Notifications } from "./alerts/notifications";
import { Pending } from "./alerts/pending";
import { Rules } from "./alerts/rules";
import { Silences } from "./alerts/silences";
import { Empty, Loading } from "./alerts/text";
import { say } from "./alerts/words";

const here = wording({
  undo: ["Undo", "撤销"],
  undone: ["Taken back.", "已撤销。"],
});

/** Tabs that tell of all series, and so are not for who is confined to some. */
function ForAll(props: { tab: "pending" | "silences" | "notifications" | "rules"; alerts: readonly Alert[] }) {
  switch (props.tab) {
    case "pending":
      return <Pending />;
    case "silences":
      return <Silences alerts={props.alerts} />;
    case "notifications":
      return <Notifications />;
    case "rules":
      return <Rules />;
  }
}

const TABS = ["firing", "pending", "silences", "history", "notifications", "rules"] as const;
const TOLD_MS = 15_000;

export default function Alerts() {
  const me = useMe();
  const [turn, setTurn] = useState(0);
  const [told, setTold] = useState<Told>();
  const [error, setError] = useState<Error>();
  const [wanted] = useParameter("tab", "firing");
  const tab = TABS.find((each) => each === wanted) ?? "firing";
  const alerts = useAlerts(turn);
  const count = (alerts.data ?? []).filter((each) => stateOf(each) === "active").length;
  useTitle(count ? say("titleFiring", count) : say("title"));
  const acts = useMemo(() => {
    const tell = (news: Told) => {
      setError(undefined);
      setTold(news);
      setTurn((before) => before + 1);
    };
    return { me: me ?? NOBODY, turn, tell };
  }, [me?.name, me?.edits, me?.isConfined, turn]);
  useEffect(() => {
    if (!told) return;
    const timer = setTimeout(() => setTold(undefined), TOLD_MS);
    return () => clearTimeout(timer);
  }, [told]);
  const tabs = useRef<HTMLElement>(null);
  useEffect(
    () => tabs.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }),
    [tab],
  );
  const undo = async () => {
    try {
      await told?.undo?.();
      acts.tell({ text: here("undone") });
    } catch (failure) {
      setTold(undefined);
      setError(failure as Error);
    }
  };
  return (
    <ActsContext.Provider value={acts}>
      <h1 class="hidden">{say("alerts")}</h1>
      <nav class="al-tabs" ref={tabs} aria-label={say("parts")}>
        {TABS.map((each) => (
          <a
            key={each}
            href={each === "firing" ? "/alerts" : `/alerts?tab=${each}`}
            aria-current={each === tab ? "page" : undefined}
          >
            {say(each)}
            {each === "firing" && alerts.data ? <span class={count ? "badge bad" : "badge dim"}>{count}</span> : null}
          </a>
        ))}
      </nav>
      <Trouble error={error} />
      {!me ? (
        <Loading />
      ) : tab === "firing" ? (
        <Firing alerts={alerts.data} error={alerts.error} />
      ) : tab === "history" ? (
        <History />
      ) : me.isConfined ? (
        <Empty title={say("noReader")} />
      ) : (
        <ForAll tab={tab} alerts={alerts.data ?? []} />
      )}
      <div class="al-told" role="status">
        {told ? (
          <p>
            {told.text}
            {told.undo ? (
              <button type="button" onClick={() => void undo()}>
                {here("undo")}
              </button>
            ) : null}
          </p>
        ) : null}
      </div>
    </ActsContext.Provider>
  );
}
