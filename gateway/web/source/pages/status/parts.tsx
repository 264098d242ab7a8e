// What the tabs share: something done on a button, questions before what can't be undone, texts to copy, bars.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "../../shell";
import { wording } from "../../words";

const say = wording({
  cancel: ["Cancel", "取消"],
  copy: ["Copy", "复制"],
  copied: ["Copied", "已复制"],
  selected: ["Selected: press Ctrl-C", "已选中：请按 Ctrl-C"],
  loading: ["Loading …", "加载中……"],
});

export interface Act {
  /** Does it; true when it worked. */
  run: (does: () => Promise<unknown>) => Promise<boolean>;
  busy: boolean;
  error: Error | undefined;
}

/** Something that is done on a button or a form: whether it is under way, and what went wrong. */
export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const run = async (does: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    try {
      await does();
      return true;
    } catch (failure) {
      setError(failure as Error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { run, busy, error };
}

/** What the gateway refused, a line each. */
export function Problems(props: { error: Error | undefined }) {
  const lines = props.error?.message.split("\n") ?? [];
  if (!lines.length) return null;
  return (
    <div class="trouble" role="alert">
      {lines.map((each) => (
        <div key={each}>{each}</div>
      ))}
    </div>
  );
}

/** Asks once more before what can't be undone; what goes wrong stands in the dialog. */
export function Confirm(props: {
  title: string;
  action: string;
  onAct: () => Promise<unknown>;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const act = useAct();
  const go = async () => {
    if (await act.run(props.onAct)) props.onClose();
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <p>{props.children}</p>
      <Problems error={act.error} />
      <div class="bar buttons">
        <button type="button" class="danger push" disabled={act.busy} onClick={() => void go()}>
          {props.action}
        </button>
        <button type="button" autofocus onClick={props.onClose}>
          {say("cancel")}
        </button>
      </div>
    </Dialog>
  );
}

/** A text to take away. Without a clipboard (plain HTTP beyond loopback) it is selected. */
export function Copied(props: { text: string; label: string }) {
  const [done, setDone] = useState<"" | "copied" | "selected">("");
  const copy = async (box: HTMLElement | null | undefined) => {
    try {
      await navigator.clipboard.writeText(props.text);
      setDone("copied");
    } catch {
      if (box) getSelection()?.selectAllChildren(box);
      setDone("selected");
    }
  };
  return (
    <figure class="copied">
      <figcaption>{props.label}</figcaption>
      <pre tabIndex={0}>{props.text}</pre>
      <button
        type="button"
        onClick={(event) => void copy(event.currentTarget.parentElement?.querySelector("pre"))}
        aria-label={`${say("copy")}: ${props.label}`}
      >
        {say("copy")}
      </button>
      <span class="dim" role="status">
        {done ? say(done) : ""}
      </span>
    </figure>
  );
}

export function Loading() {
  return (
    <p class="dim" role="status">
      {say("loading")}
    </p>
  );
}

export interface Bar {
  name: string;
  value: number;
  /** The value as it is read. */
  text: string;
  href?: string;
}

/** Names with values as lengths, the longest first as given. */
export function Bars(props: { title: string; note?: string; bars: readonly Bar[]; empty: string }) {
  const most = Math.max(...props.bars.map((each) => each.value), 1e-9);
  return (
    <section class="box">
      <h2>{props.title}</h2>
      {props.note ? <p class="dim">{props.note}</p> : null}
      {props.bars.length ? null : <p class="dim">{props.empty}</p>}
      <ol class="lengths">
        {props.bars.map((each) => (
          <li key={each.name}>
            <span class="name" title={each.name}>
              {each.href ? <a href={each.href}>{each.name}</a> : each.name}
            </span>
            <span class="length" aria-hidden="true">
              <i style={{ width: `${(100 * each.value) / most}%` }} />
            </span>
            <span class="numeric">{each.text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** A number with what it means, in a row of such. */
export function Fact(props: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
