// Texts of alerts: what others wrote is shown as text; addresses of the web in it become links.
import type { LabelSet } from "../../api";
import { ago, written } from "../../units";
import { Badge } from "../../parts/small";
import { pieces, queryIn, severityKind, webAddress } from "./model";
import { say } from "./words";

export function Written(props: { text: string }) {
  return (
    <>
      {pieces(props.text).map((piece, place) =>
        piece.href ? (
          <a key={place} href={piece.href} target="_blank" rel="noopener noreferrer">
            {piece.text}
          </a>
        ) : (
          piece.text
        ),
      )}
    </>
  );
}

/** A link when it leads to the web; else just the text, as for a path in the documentation. */
export function Target(props: { to: string; text?: string }) {
  const href = webAddress(props.to);
  if (!href) return <code>{props.to}</code>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {props.text ?? props.to}
    </a>
  );
}

/** Where an alert comes from: our page of queries when a rule of ours made it, else the address that came along. */
export function Source(props: { address: string; isOwn?: boolean }) {
  const query = queryIn(props.address);
  const isOurs = props.isOwn || props.address.startsWith(`${location.origin}/`);
  if (!query || !isOurs) return <Target to={props.address} text={say("source")} />;
  return <a href={`/explore?${new URLSearchParams({ expr: query })}`}>{say("query")}</a>;
}

export function Severity(props: { labels: LabelSet }) {
  const text = props.labels.severity;
  return text ? <Badge kind={severityKind(props.labels)}>{text}</Badge> : null;
}

export function Labels(props: { labels: LabelSet; except?: LabelSet }) {
  const shown = Object.entries(props.labels).filter(([name]) => props.except?.[name] === undefined);
  return (
    <span class="al-labels">
      {shown.map(([name, value]) => (
        <span class="al-label" key={name}>
          <span class="dim">{name}=</span>
          {value}
        </span>
      ))}
    </span>
  );
}

/** How long ago; the time itself is in the tip. */
export function When(props: { time: number }) {
  if (!props.time) return <span class="dim">–</span>;
  return (
    <time dateTime={new Date(props.time * 1000).toISOString()} title={written(props.time, "time")}>
      {say("ago", ago(props.time))}
    </time>
  );
}

export function Loading() {
  return (
    <p class="dim" role="status">
      {say("loading")}
    </p>
  );
}

export function Empty(props: { title: string; text?: string }) {
  return (
    <div class="al-empty" role="status">
      <strong>{props.title}</strong>
      {props.text ? <p class="dim">{props.text}</p> : null}
    </div>
  );
}
