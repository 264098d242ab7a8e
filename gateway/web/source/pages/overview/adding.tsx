// How to add a host: the exact command, with a token of its own where tokens are asked for.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, type WhoAmI } from "../../api";
import { useLoaded } from "../../load";
import { Trouble } from "../../parts/small";
import { say } from "./words";

const NAMED = /^[\w.-]{1,100}$/;

function command(name: string, token: string): string {
  const agent = `fleetgauge agent --gateway ${location.origin} --name ${name}`;
  if (!token) return `pip install fleetgauge\n${agent}`;
  return [
    "pip install fleetgauge",
    `(umask 077 && printf %s '${token}' > fleetgauge.token)`,
    `${agent} --token-file fleetgauge.token`,
  ].join("\n");
}

function newName(known: ReadonlySet<string>): string {
  let number = 1;
  while (known.has(`web-${number}`)) number += 1;
  return `web-${number}`;
}

/** `known` are the hosts that are there already. */
export function Adding(props: { known: readonly string[] }) {
  const who = useLoaded("whoami", (signal) => ask<WhoAmI>("/api/v1/whoami", { signal }));
  const before = useRef(new Set(props.known));
  const [name, setName] = useState(() => newName(before.current));
  const [made, setMade] = useState<{ token: string; name: string }>();
  const [error, setError] = useState<Error>();
  if (!who.data) return <Trouble error={who.error} />;
  const { open, rights } = who.data;
  const admin = rights.includes("admin");
  const token = made?.name === name ? made.token : "";
  const arrived = props.known.find((each) => !before.current.has(each));
  const make = async () => {
    try {
      const body = { agents: [name], note: name };
      const answer = await ask<{ token: string }>("/api/v1/tokens", { method: "POST", body });
      setMade({ token: answer.token, name });
      setError(undefined);
    } catch (failure) {
      setError(failure as Error);
    }
  };
  return (
    <div class="adding">
      <p>{say("emptyText")}</p>
      <label>
        {say("hostName")}
        <input
          value={name}
          maxLength={100}
          pattern="[\w.\-]{1,100}"
          onInput={(event) => setName(event.currentTarget.value.trim())}
        />
      </label>
      {open || token ? null : (
        <div class="adding-token">
          <p>{admin ? say("needToken") : say("askAdmin")}</p>
          {admin ? (
            <button type="button" class="primary" disabled={!NAMED.test(name)} onClick={() => void make()}>
              {say("makeToken")}
            </button>
          ) : null}
        </div>
      )}
      <Trouble error={error} />
      {NAMED.test(name) && (open || token) ? <Command text={command(name, token)} /> : null}
      {token ? <p class="dim">{say("once")}</p> : null}
      <p role="status" class={arrived ? "arrived" : "waiting"}>
        {arrived ? (
          <a href={`/agents/${encodeURIComponent(arrived)}`}>{say("arrived", arrived)}</a>
        ) : (
          say("waiting", props.known.length ? name : say("aHost"))
        )}
      </p>
    </div>
  );
}

function Command(props: { text: string }) {
  const [copied, setCopied] = useState(false);
  const block = useRef<HTMLPreElement>(null);
  useEffect(() => setCopied(false), [props.text]);
  const copy = async () => {
    // Without https browsers have no clipboard: what is marked can be copied by key.
    if (block.current) getSelection()?.selectAllChildren(block.current);
    try {
      await navigator.clipboard.writeText(props.text);
    } catch {
      if (!document.execCommand("copy")) return;
    }
    setCopied(true);
  };
  return (
    <div class="command">
      <pre ref={block} tabIndex={0}>
        {props.text}
      </pre>
      <button type="button" onClick={() => void copy()}>
        {copied ? say("copied") : say("copy")}
      </button>
    </div>
  );
}
