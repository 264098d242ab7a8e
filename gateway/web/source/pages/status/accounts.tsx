// What the tabs of tokens and of users share.
import { wording } from "../../words";

const say = wording({
  role: ["Role", "角色"],
  viewer: ["viewer: reads", "viewer：只读"],
  editor: ["editor: reads and edits", "editor：读取和编辑"],
  admin: ["admin: everything", "admin：全部权限"],
  open: [
    "This gateway is open: whoever reaches it may do everything.",
    "此网关处于开放状态：任何能访问它的人都可以执行所有操作。",
  ],
  first: [
    "With the first token or user it asks everyone who they are, you too: this page will then need a user who is an admin. So add that user first, and give each agent a token.",
    "一旦创建第一个令牌或用户，网关将要求所有人（包括您）表明身份：此页面届时需要具有 admin 角色的用户。请先添加该用户，并为每个代理创建令牌。",
  ],
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

/** Says what comes of the first account on an open gateway. */
export function OpenWarning(props: { open: boolean; first: boolean }) {
  if (!props.open) return null;
  return (
    <p class="warning" role="note">
      {say("open")} {props.first ? say("first") : ""}
    </p>
  );
}
