// A host: who it is, its charts, and its processes at any moment.
import { useEffect } from "preact/hooks";
import { ask } from "../api";
import { useLoaded } from "../load";
import { RangeChoice } from "../parts/range";
import { Trouble } from "../parts/small";
import { useSpan } from "../time";
import { Charts } from "./host/charts";
import { Happened, Head, type Host } from "./host/head";
import { useHappened, useMarks } from "./host/marks";
import { choose, chooseAgainst, useMoment, useMomentInRange } from "./host/moment";
import { SECTIONS } from "./host/plan";
import { MomentBar, Processes } from "./host/processes";
import { useSnapshot } from "./host/snapshot";
import { say } from "./host/words";

export default function Page(props: { name: string }) {
  const path = `/api/v1/agents/${encodeURIComponent(props.name)}`;
  const host = useLoaded(path, (signal) => ask<Host>(path, { signal }), 5);
  useEffect(() => {
    document.title = `${props.name} – Fleetgauge`;
    return () => {
      document.title = "Fleetgauge";
    };
  }, [props.name]);
  return (
    <>
      <Trouble error={host.error} />
      {host.data ? <View host={host.data} /> : host.error ? null : <p class="dim">{say("loading")}</p>}
    </>
  );
}

function View(props: { host: Host }) {
  const { host } = props;
  const span = useSpan(5);
  const moment = useMoment(span);
  useMomentInRange(span);
  const happened = useHappened(host.id, host.name, span);
  const marks = useMarks(happened, moment);
  const snapshot = useSnapshot(host.id, moment.at);
  const onMoment = (time: number, shift: boolean) => (shift ? chooseAgainst(time.toFixed(3)) : choose(time));
  const shown = { instance: host.name, span, marks, onMoment };
  const [first, ...others] = SECTIONS;
  return (
    <>
      <Head host={host} />
      <div class="bar host-range">
        <RangeChoice span={span} />
        <span class="dim hint">{say("hint")}</span>
      </div>
      <Happened marks={happened} />
      {first ? <Charts section={first} {...shown} /> : null}
      <Processes id={host.id} span={span} moment={moment} snapshot={snapshot} marks={marks} onMoment={onMoment} />
      {others.map((section) => (
        <Charts key={section.key} section={section} {...shown} />
      ))}
      <MomentBar moment={moment} snapshot={snapshot} />
    </>
  );
}
