// The frame of all pages: navigation, theme, language, who one is; the palette of Ctrl-K and the list of keys.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, type Agent, type WhoAmI } from "./api";
import { go, useAddress } from "./address";
import { useLoaded } from "./load";
import { nextTheme, theme, useTheme } from "./theme";
import { language, speak, wording } from "./words";

const say = wording({
  overview: ["Overview", "总览"],
  compare: ["Compare", "对比"],
  alerts: ["Alerts", "告警"],
  explore: ["Explore", "查询"],
  status: ["Status", "状态"],
  theme: ["Theme: {0}", "主题：{0}"],
  system: ["system", "系统"],
  dark: ["dark", "深色"],
  light: ["light", "浅色"],
  logout: ["Log out", "退出"],
  find: ["Find hosts and pages", "查找主机和页面"],
  keys: ["Keys", "快捷键"],
  keyFind: ["Find hosts and pages", "查找主机和页面"],
  keyGo: ["Go to a page: o, c, a, e, s", "跳转页面：o、c、a、e、s"],
  keyHelp: ["This list", "此列表"],
  keyTheme: ["Another theme", "切换主题"],
  close: ["Close", "关闭"],
  main: ["Pages", "页面"],
  skip: ["Skip to the page", "跳到正文"],
});

export const PAGES = [
  { path: "/", name: "overview", key: "o" },
  { path: "/compare", name: "compare", key: "c" },
  { path: "/alerts", name: "alerts", key: "a" },
  { path: "/explore", name: "explore", key: "e" },
  { path: "/status", name: "status", key: "s" },
] as const;

export function Shell(props: { children: ComponentChildren }) {
  const path = useAddress().pathname;
  const who = useLoaded("whoami", (signal) => ask<WhoAmI>("/api/v1/whoami", { signal }));
  const [open, setOpen] = useState<"" | "find" | "keys">("");
  const [shade, setShade] = useState(theme());
  const change = () => {
    useTheme(nextTheme());
    setShade(theme());
  };
  useKeys((wanted) => (wanted === "theme" ? change() : setOpen(wanted)));
  return (
    <>
      <a class="skip" href="#page" data-plain>
        {say("skip")}
      </a>
      <header>
        <a class="brand" href="/">
          Fleetgauge
        </a>
        <nav aria-label={say("main")}>
          {PAGES.map((page) => (
            <a key={page.path} href={page.path} aria-current={page.path === path ? "page" : undefined}>
              {say(page.name)}
            </a>
          ))}
        </nav>
        <div class="tools">
          <button
            type="button"
            onClick={() => setOpen("find")}
            title={`${say("find")} (Ctrl-K)`}
            aria-label={say("find")}
          >
            ⌕
          </button>
          <button type="button" onClick={change} title={say("theme", say(shade))} aria-label={say("theme", say(shade))}>
            ◐
          </button>
          <button
            type="button"
            onClick={() => speak(language === "en" ? "zh" : "en")}
            lang={language === "en" ? "zh" : "en"}
          >
            {language === "en" ? "中文" : "English"}
          </button>
          {who.data && !who.data.open ? <LogOut name={who.data.name} /> : null}
        </div>
      </header>
      <main id="page">{props.children}</main>
      {open === "find" ? <Palette onClose={() => setOpen("")} /> : null}
      {open === "keys" ? <Keys onClose={() => setOpen("")} /> : null}
    </>
  );
}

function LogOut(props: { name: string }) {
  const leave = async () => {
    await ask("/api/v1/logout", { method: "POST" });
    location.assign("/login");
  };
  return (
    <button type="button" onClick={() => void leave()} title={props.name}>
      {say("logout")}
    </button>
  );
}

function useKeys(act: (wanted: "find" | "keys" | "theme") => void): void {
  const newest = useRef(act);
  newest.current = act;
  useEffect(() => {
    let going = false;
    const pressed = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        newest.current("find");
        return;
      }
      const inside = (event.composedPath()[0] as Element).closest?.("input, select, textarea, [contenteditable]");
      if (inside || event.ctrlKey || event.metaKey || event.altKey) return;
      const page = going && PAGES.find((each) => each.key === event.key);
      going = event.key === "g";
      if (page) go(page.path);
      else if (event.key === "?") newest.current("keys");
      else if (event.key === "t") newest.current("theme");
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

/** A dialog of the browser's own: it holds the focus, and Escape closes it. */
export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-label={props.title} onClose={props.onClose}>
      <form method="dialog" class="dialog-head">
        <h2>{props.title}</h2>
        <button aria-label={say("close")}>✕</button>
      </form>
      {props.children}
    </dialog>
  );
}

function Palette(props: { onClose: () => void }) {
  const agents = useLoaded("agents", (signal) => ask<Agent[]>("/api/v1/agents", { signal }));
  const [text, setText] = useState("");
  const found = [
    ...PAGES.map((page) => ({ to: page.path as string, name: say(page.name) })),
    ...(agents.data ?? []).map((agent) => ({ to: `/agents/${encodeURIComponent(agent.name)}`, name: agent.name })),
  ]
    .filter((each) => each.name.toLowerCase().includes(text.toLowerCase()))
    .slice(0, 12);
  const choose = (to: string | undefined) => {
    props.onClose();
    if (to) go(to);
  };
  return (
    <Dialog title={say("find")} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          choose(found[0]?.to);
        }}
      >
        <input
          autofocus
          type="search"
          aria-label={say("find")}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </form>
      <ul class="found">
        {found.map((each) => (
          <li key={each.to}>
            <a href={each.to} onClick={props.onClose}>
              {each.name}
            </a>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function Keys(props: { onClose: () => void }) {
  const keys = [
    ["Ctrl-K", say("keyFind")],
    ["g …", say("keyGo")],
    ["t", say("keyTheme")],
    ["?", say("keyHelp")],
  ] as const;
  return (
    <Dialog title={say("keys")} onClose={props.onClose}>
      <dl class="keys">
        {keys.map(([key, text]) => (
          <>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </>
        ))}
      </dl>
    </Dialog>
  );
}
