// A text with numbers of lines, and problems beside it that lead to their lines.
import { useRef } from "preact/hooks";
import { wording } from "../../words";
import type { Problem } from "./rulefile";

const say = wording({
  line: ["Line {0}", "第 {0} 行"],
  fine: ["The text is well.", "文本无误。"],
  checking: ["Checking …", "检查中……"],
  problems: ["Problems", "问题"],
});

export function CodeBox(props: {
  label: string;
  text: string;
  onText: (text: string) => void;
  readOnly: boolean;
  problems: readonly Problem[];
  state: "checking" | "fine" | "wrong" | "unchecked";
}) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLPreElement>(null);
  const lines = props.text.split("\n");
  const wrong = new Set(props.problems.map((each) => each.line));
  const lead = (line: number) => {
    const box = area.current;
    if (!box || !line) return;
    const begin = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    box.focus();
    box.setSelectionRange(begin, begin + (lines[line - 1]?.length ?? 0));
    box.scrollTop = (box.scrollHeight / lines.length) * Math.max(line - 4, 0);
  };
  return (
    <div class="codebox">
      <div class="code">
        <pre ref={gutter} class="gutter" aria-hidden="true">
          {lines.map((_, index) => (
            <span key={index} class={wrong.has(index + 1) ? "wrong" : ""}>
              {index + 1}
              {"\n"}
            </span>
          ))}
        </pre>
        <textarea
          ref={area}
          aria-label={props.label}
          aria-invalid={props.state === "wrong"}
          aria-describedby="rule-problems"
          value={props.text}
          readOnly={props.readOnly}
          rows={Math.min(Math.max(lines.length + 1, 14), 32)}
          wrap="off"
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          onInput={(event) => props.onText(event.currentTarget.value)}
          onScroll={(event) => {
            if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
          }}
        />
      </div>
      <div id="rule-problems" class="problems" role="status" aria-label={say("problems")}>
        {props.state === "fine" ? <p class="good">✓ {say("fine")}</p> : null}
        {props.state === "checking" ? <p class="dim">{say("checking")}</p> : null}
        {props.state === "wrong" ? (
          <ul>
            {props.problems.map((each) => (
              <li key={`${each.line} ${each.text}`}>
                {each.line ? (
                  <button type="button" onClick={() => lead(each.line)}>
                    {say("line", each.line)}
                  </button>
                ) : null}{" "}
                {each.text}
              </li>
            ))}
          </ul>
        ) : null}
      </div>
    </div>
  );
}
