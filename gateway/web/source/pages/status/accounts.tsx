// What the tabs of tokens and of users share.
import type { ComponentChildren } from "preact";
import { wording } from "../../words";
import { Confirm } from "./parts";

const say = wording({
  role: ["Role", "角色"],
  viewer: ["viewer: reads", "viewer：只读"],
  editor: ["editor: reads and edits", "editor：读取和编辑"],
  admin: ["admin: everything", "admin：全部权限"],
  open: [
    "This gateway is open: whoever reaches it may do everything.",
    "此网关处于开放状态：任何能访问它的人都可以执行所有操作。",
  ],
  asks: [
    "With the first token or user it asks everyone who they are, you too, unless it runs with --allow-anonymous.",
    "一旦创建第一个令牌或用户，除非使用 --allow-anonymous 运行，网关将要求所有人（包括您）表明身份。",
  ],
  title: ["The gateway will ask who calls", "网关将要求表明身份"],
});

export const ROLES = ["viewer", "editor", "admin"] as const;
export type Role = (typeof ROLES)[number];

export function RoleChoice(props: { standard?: Role }) {
  return (
    <label>
      {say("role")}
      <select name="role" defaultValue={props.standard ?? "viewer"}>
        {ROLES.map((each) => (
          <option key={each} value={each} selected={each === (props.standard ?? "viewer")}>
            {say(each)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Says that anyone may do anything, and what ends that. */
export function OpenWarning(props: { open: boolean }) {
  if (!props.open) return null;
  return (
    <p class="warning" role="note">
      {say("open")} {say("asks")}
    </p>
  );
}

/** Asks before what shuts an open gateway. */
export function Shutting(props: {
  action: string;
  onAct: () => Promise<unknown>;
  onClose: () => void;
  children: ComponentChildren;
}) {
  return (
    <Confirm title={say("title")} action={props.action} onAct={props.onAct} onClose={props.onClose}>
      {say("asks")} {props.children}
    </Confirm>
  );
}
