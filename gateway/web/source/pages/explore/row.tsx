// One query: its editor, what can be done with it, and what the gateway says of it.
import { useRef, useState } from "preact/hooks";
import { ask } from "../../api";
import { duration } from "../../units";
import { wording } from "../../words";
import { placeIn, type Answer } from "./answers";
import { Editor, type EditorHandle } from "./editor";

const say = wording({
  query: ["Query {0}", "查询 {0}"],
  hint: ["PromQL; Enter runs it, Ctrl-Space completes", "PromQL；回车运行，Ctrl-空格补全"],
  format: ["Format", "格式化"],
  alert: ["Make an alert of it", "创建告警"],
  remove: ["Remove", "删除"],
  took: ["{0} series in {1}", "{0} 条序列，用时 {1}"],
  more: ["the first {0} series, in {1}", "前 {0} 条序列，用时 {1}"],
  showMore: ["Show more", "显示更多"],
  go: ["Go to line {0}, column {1}", "转到第 {0} 行第 {1} 列"],
});

interface Props {
  letter: string;
  value: string;
  answer: Answer | undefined;
  error: Error | undefined;
  onChange: (value: string) => void;
  onRun: () => void;
  onRemove?: () => void;
  onMore: () => void;
}

function took(answer: Answer): string {
  const time = answer.seconds < 1 ? `${Math.round(answer.seconds * 1000)} ms` : duration(answer.seconds);
  return say(answer.more ? "more" : "took", answer.items.length, time);
}

export function QueryRow(props: Props) {
  const editor = useRef<EditorHandle | null>(null);
  const [refused, setRefused] = useState<Error>();
  const format = async () => {
    try {
      props.onChange(await ask<string>("/api/v1/format_query", { params: { query: props.value } }));
      setRefused(undefined);
    } catch (error) {
      setRefused(error as Error);
    }
  };
  const error = refused ?? props.error;
  const say1 = (text: string, kind: string) => (
    <Sentence key={text} text={text} kind={kind} onGo={(line, column) => editor.current?.goTo(line, column)} />
  );
  return (
    <div class="query" role="group" aria-label={say("query", props.letter)}>
      <span class="letter" aria-hidden="true">
        {props.letter}
      </span>
      <div class="query-body">
        <Editor
          label={say("query", props.letter)}
          hint={say("hint")}
          value={props.value}
          onChange={(value) => {
            setRefused(undefined);
            props.onChange(value);
          }}
          onRun={props.onRun}
          onReady={(handle) => {
            editor.current = handle;
          }}
        />
        <div class="query-foot">
          {props.answer && !error ? (
            <span class="dim" role="status">
              {took(props.answer)}
            </span>
          ) : null}
          {props.answer?.more && !error ? (
            <button type="button" class="plain" onClick={props.onMore}>
              {say("showMore")}
            </button>
          ) : null}
          <span class="push" />
          {props.value.trim() ? (
            <>
              <button type="button" class="plain" onClick={() => void format()}>
                {say("format")}
              </button>
              <a href={`/status?${new URLSearchParams({ tab: "rules", expr: props.value.trim() }).toString()}`}>
                {say("alert")}
              </a>
            </>
          ) : null}
          {props.onRemove ? (
            <button
              type="button"
              class="plain"
              onClick={props.onRemove}
              aria-label={`${say("remove")}: ${say("query", props.letter)}`}
            >
              {say("remove")}
            </button>
          ) : null}
        </div>
        {error ? say1(error.message, "bad") : props.answer?.notes.map((note) => say1(note, "warn"))}
      </div>
    </div>
  );
}

function Sentence(props: { text: string; kind: string; onGo: (line: number, column: number) => void }) {
  const place = placeIn(props.text);
  return (
    <p class={`said ${props.kind}`} role={props.kind === "bad" ? "alert" : "note"}>
      {props.text}
      {place ? (
        <button type="button" class="plain" onClick={() => props.onGo(place.line, place.column)}>
          {say("go", place.line, place.column)}
        </button>
      ) : null}
    </p>
  );
}
