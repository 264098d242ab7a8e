// Copying text, also where the browser has no clipboard for scripts: over plain HTTP.
import { useState } from "preact/hooks";
import { wording } from "../words";

const say = wording({ copied: ["Copied", "已复制"] });
const SHOWN_MS = 1500;

async function copy(text: string): Promise<void> {
  if (isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function CopyButton(props: { title: string; text: () => string }) {
  const [copied, setCopied] = useState(false);
  const act = async () => {
    await copy(props.text());
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  return (
    <button type="button" onClick={() => void act()} aria-live="polite">
      {copied ? `✓ ${say("copied")}` : props.title}
    </button>
  );
}
