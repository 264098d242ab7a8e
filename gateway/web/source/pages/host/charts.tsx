// The charts of a section, which folds.
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { useParameter } from "../../address";
import { useLoaded } from "../../load";
import { Chart, type Line, type Mark } from "../../parts/chart";
import { Trouble } from "../../parts/small";
import { stepOf, type Span } from "../../time";
import { answers, type Answer, type Panel, type Section } from "./plan";
import { say, type Word } from "./words";

const POINTS = 300;

/** Whether a section is open, and what opens or closes it; which are closed stands in the address. */
function useFold(name: string): [boolean, () => void] {
  const [closed, setClosed] = useParameter("closed");
  const names = closed.split(",").filter(Boolean);
  const open = !names.includes(name);
  const toggle = () => setClosed((open ? [...names, name] : names.filter((each) => each !== name)).join(","), true);
  return [open, toggle];
}

/** A headline that hides what is below it. */
export function Fold(props: { name: string; title: Word; note?: ComponentChildren; children: ComponentChildren }) {
  const [open, toggle] = useFold(props.name);
  return (
    <section class="fold" aria-label={say(props.title)}>
      <h2>
        <button type="button" aria-expanded={open} onClick={toggle}>
          <span aria-hidden="true" class={open ? "turn open" : "turn"}>
            ▸
          </span>
          {say(props.title)}
        </button>
        {props.note}
      </h2>
      {open ? props.children : null}
    </section>
  );
}

interface Shown {
  instance: string;
  span: Span;
  marks: readonly Mark[];
  onMoment: (time: number, shift: boolean) => void;
}

interface Loaded {
  step: number;
  answers: Record<string, Answer>;
}

/** Times on a grid, so that values stay where they are while the range moves on. */
async function load(section: Section, instance: string, span: Span, signal: AbortSignal): Promise<Loaded> {
  const width = span.to - span.from;
  const to = span.relative ? Date.now() / 1000 : span.to;
  const step = stepOf(span, POINTS, width <= 1800 ? 5 : 15);
  const asked = { instance, step, start: Math.floor((to - width) / step) * step, end: Math.ceil(to / step) * step };
  const found = await answers(section, asked, signal);
  // The grid ends after now; what is known then is what is known now.
  for (const series of Object.values(found).flatMap((answer) => answer.series)) {
    const last = series.values.at(-1);
    if (last) last[0] = Math.min(last[0], to);
  }
  return { step, answers: found };
}

/** How often a range is asked again: a short one as it goes, a long one when it would show. */
export function everySeconds(span: Span): number {
  if (!span.relative) return span.to > Date.now() / 1000 ? 15 : 0;
  return Math.min(Math.max((span.to - span.from) / POINTS, 5), 60);
}

/** The charts of a section; while it is closed nothing is asked. */
export function Charts(props: Shown & { section: Section }) {
  const { key, title } = props.section;
  const [open] = useFold(key);
  return open ? (
    <Open {...props} />
  ) : (
    <Fold name={key} title={title}>
      {null}
    </Fold>
  );
}

function Open(props: Shown & { section: Section }) {
  const { section, instance, span } = props;
  const key = `${instance} ${section.key} ${span.relative || `${span.from} ${span.to}`}`;
  const loaded = useLoaded(key, (signal) => load(section, instance, span, signal), Math.round(everySeconds(span)));
  const drawn = useMemo(() => {
    const found = loaded.data?.answers ?? {};
    return section.panels.map((panel) => ({ panel, lines: panel.draw(found[panel.query]?.series ?? []) }));
  }, [loaded.data]);
  if (!loaded.data)
    return loaded.error ? <Trouble error={loaded.error} /> : section.optional ? null : <Waiting {...props} />;
  const errors = new Map(
    Object.values(loaded.data.answers).flatMap((answer) =>
      answer.error ? [[answer.error.message, answer.error]] : [],
    ),
  );
  if (section.optional && !errors.size && drawn.every(({ lines }) => !lines.length)) return null;
  return (
    <Fold name={section.key} title={section.title}>
      {[...errors.values()].map((error) => (
        <Trouble key={error.message} error={error} />
      ))}
      <div class="grid">
        {drawn
          .filter(({ panel, lines }) => lines.length || !panel.optional)
          .map(({ panel, lines }) => (
            <Plot key={panel.title} panel={panel} lines={lines} shown={props} step={loaded.data?.step ?? 15} />
          ))}
      </div>
    </Fold>
  );
}

function Waiting(props: { section: Section }) {
  return (
    <Fold name={props.section.key} title={props.section.title}>
      <div class="grid" aria-busy="true">
        {props.section.panels
          .filter((panel) => !panel.optional)
          .map((panel) => (
            <div key={panel.title} class="box chart-box">
              <Empty title={panel.title} text={say("loading")} />
            </div>
          ))}
      </div>
    </Fold>
  );
}

function Empty(props: { title: Word; text: string }) {
  return (
    <figure class="chart">
      <figcaption>{say(props.title)}</figcaption>
      <p class="dim no-data">{props.text}</p>
    </figure>
  );
}

function Plot(props: { panel: Panel; lines: readonly Line[]; shown: Shown; step: number }) {
  const { panel, lines, shown, step } = props;
  return (
    <div class="box chart-box">
      {lines.length ? (
        <Chart
          title={say(panel.title)}
          unit={panel.unit}
          lines={lines}
          step={step}
          span={shown.span}
          marks={shown.marks}
          onMoment={shown.onMoment}
          {...(panel.most ? { most: panel.most } : {})}
          {...(panel.stacked ? { stacked: true } : {})}
        />
      ) : (
        <Empty title={panel.title} text={say("nothing")} />
      )}
    </div>
  );
}
