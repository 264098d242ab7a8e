// The editor of a query: PromQL with completion from the gateway, underlined mistakes, and what a metric means.
// It lives in a shadow root, so that its styles are adopted sheets: the page's policy has no place for others.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { Annotation, EditorState, Prec, type Extension } from "@codemirror/state";
import { EditorView, hoverTooltip, keymap, placeholder, tooltips } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { PromQLExtension } from "@prometheus-io/codemirror-promql";
import { useEffect, useRef } from "preact/hooks";
import { ask } from "../../api";
import { Client } from "./client";

export interface EditorHandle {
  goTo: (line: number, column: number) => void;
}

interface Props {
  label: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
  onRun: () => void;
  onReady: (handle: EditorHandle | null) => void;
}

const CLIENT = new Client();

const LOOK = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--box)", fontSize: "14px", borderRadius: "6px" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  "& .cm-scroller": {
    fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
    lineHeight: "1.5",
    maxHeight: "16rem",
  },
  "& .cm-content": { padding: "6px 0", caretColor: "var(--text)" },
  "& .cm-line": { padding: "0 8px" },
  "& .cm-placeholder": { color: "var(--text-dim)" },
  "& .cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--good-soft)" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--bad-soft)" },
  "& .cm-tooltip": {
    color: "var(--text)",
    backgroundColor: "var(--box)",
    border: "1px solid var(--line)",
    borderRadius: "6px",
  },
  "& .cm-tooltip.cm-completionInfo": { padding: "6px 10px", maxWidth: "28rem" },
  "& .cm-tooltip-autocomplete > ul": { fontFamily: "inherit", maxHeight: "18rem" },
  "& .cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
  "& .cm-tooltip-autocomplete > ul > li[aria-selected]": {
    color: "var(--on-accent)",
    backgroundColor: "var(--accent)",
  },
  "& .cm-completionIcon": { display: "none" },
  "& .cm-completionDetail": { marginLeft: "1em", color: "inherit", opacity: "0.75", fontStyle: "normal" },
  "& .cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  "& .cm-about": { padding: "6px 10px", maxWidth: "30rem" },
  "& .cm-diagnostic": { padding: "4px 10px" },
  "& .cm-diagnostic-error": { borderLeft: "4px solid var(--bad)" },
});

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--code-word)" },
  { tag: [tags.function(tags.variableName)], color: "var(--code-function)" },
  { tag: [tags.labelName], color: "var(--code-label)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-text)" },
  { tag: [tags.number], color: "var(--code-number)" },
  { tag: [tags.comment], color: "var(--text-dim)", fontStyle: "italic" },
  { tag: [tags.invalid], color: "var(--bad)" },
]);

// CodeMirror's own styles for selected text are more specific than a theme can be.
const SELECTION = Prec.highest(
  EditorView.theme({
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, ::selection": {
      backgroundColor: "color-mix(in srgb, var(--accent) 30%, transparent)",
    },
  }),
);

/** Text that was put in from outside, and need not be told there. */
const FROM_OUTSIDE = Annotation.define<boolean>();

type Metadata = Record<string, { type: string; help: string; unit: string }[]>;

/** Type and help of the metric under the pointer. */
const about = hoverTooltip(async (view, at) => {
  const { from, to, text } = view.state.doc.lineAt(at);
  const word = /[\w:]*$/.exec(text.slice(0, at - from))?.[0] ?? "";
  const rest = /^[\w:]*/.exec(text.slice(at - from))?.[0] ?? "";
  const name = word + rest;
  if (!/^[a-zA-Z_:]/.test(name) || name.length < 2) return null;
  const family = name.replace(/_(bucket|count|sum)$/, "");
  const found = await Promise.all(
    [...new Set([name, family])].map((metric) =>
      ask<Metadata>("/api/v1/metadata", { params: { metric } }).catch((): Metadata => ({})),
    ),
  );
  const entry = found.flatMap((each) => Object.values(each).flat())[0];
  if (!entry) return null;
  return {
    pos: at - word.length,
    end: Math.min(at + rest.length, to),
    above: true,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "cm-about";
      const kind = document.createElement("strong");
      kind.textContent = `${name}: ${[entry.type, entry.unit].filter(Boolean).join(", ")}`;
      const help = document.createElement("div");
      help.textContent = entry.help;
      dom.append(kind, help);
      return { dom };
    },
  };
});

function extensions(newest: { current: Props }, told: string[]): Extension[] {
  const run = () => {
    newest.current.onRun();
    return true;
  };
  const promql = new PromQLExtension().setComplete({ remote: CLIENT });
  return [
    LOOK,
    SELECTION,
    syntaxHighlighting(COLOURS),
    history(),
    bracketMatching(),
    closeBrackets(),
    autocompletion(),
    promql.asExtension(),
    about,
    EditorView.lineWrapping,
    tooltips({ position: "absolute" }),
    placeholder(newest.current.hint),
    EditorView.contentAttributes.of({ "aria-label": newest.current.label }),
    Prec.highest(
      keymap.of([
        { key: "Mod-Enter", run },
        { key: "Shift-Enter", run: insertNewlineAndIndent },
      ]),
    ),
    // Enter takes a completion where a list of them is open, and runs the query else.
    keymap.of([...completionKeymap]),
    Prec.high(keymap.of([{ key: "Enter", run }, ...closeBracketsKeymap])),
    keymap.of([...defaultKeymap, ...historyKeymap, ...lintKeymap]),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged || update.transactions.some((each) => each.annotation(FROM_OUTSIDE))) return;
      const text = update.state.doc.toString();
      told.push(text);
      newest.current.onChange(text);
    }),
  ];
}

export function Editor(props: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>();
  // Texts that come back as the value later, when more may have been typed.
  const told = useRef<string[]>([]);
  const newest = useRef(props);
  newest.current = props;

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
    const made = new EditorView({
      state: EditorState.create({ doc: newest.current.value, extensions: extensions(newest, told.current) }),
      root,
      parent: root,
    });
    view.current = made;
    newest.current.onReady({
      goTo: (line, column) => {
        const { lines } = made.state.doc;
        const { from, to } = made.state.doc.line(Math.min(line, lines));
        made.dispatch({ selection: { anchor: Math.min(from + column - 1, to) }, scrollIntoView: true });
        made.focus();
      },
    });
    return () => {
      newest.current.onReady(null);
      made.destroy();
    };
  }, []);

  useEffect(() => {
    const made = view.current;
    const place = told.current.indexOf(props.value);
    told.current.splice(0, place < 0 ? told.current.length : place + 1);
    if (!made || place >= 0 || made.state.doc.toString() === props.value) return;
    made.dispatch({
      changes: { from: 0, to: made.state.doc.length, insert: props.value },
      annotations: FROM_OUTSIDE.of(true),
    });
  }, [props.value]);

  return <div class="editor" ref={host} />;
}
