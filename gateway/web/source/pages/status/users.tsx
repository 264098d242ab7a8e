// Users: who may log in, and as what.
import { useState } from "preact/hooks";
import { ask } from "../../api";
import { useParameter } from "../../address";
import { useLoaded } from "../../load";
import { Badge, Table, Trouble, type Column } from "../../parts/small";
import { Dialog } from "../../shell";
import { written } from "../../units";
import { wording } from "../../words";
import type { TabProps } from "../status";
import { OpenWarning, RoleChoice, Shutting, type Role } from "./accounts";
import { Confirm, Loading, Problems, useAct } from "./parts";

const say = wording({
  users: ["Users", "用户"],
  add: ["Add a user", "添加用户"],
  name: ["Name", "用户名"],
  role: ["Role", "角色"],
  created: ["Added", "添加时间"],
  password: ["Password: 10 characters or more", "密码：至少 10 个字符"],
  another: ["Another password", "修改密码"],
  anotherOf: ["Another password for {0}", "修改 {0} 的密码"],
  ends: ["It ends all sessions of this user.", "此用户的所有会话都将结束。"],
  save: ["Save", "保存"],
  remove: ["Remove", "移除"],
  removeOf: ["Remove {0}?", "移除 {0}？"],
  removeText: [
    "Their sessions end at once. Tokens they made stay: revoke those by themselves.",
    "其会话立即结束。其创建的令牌仍然有效，请单独吊销。",
  ],
  login: [
    "You log in as this user then. Agents that run already need a token.",
    "之后您将以此用户登录。已在运行的代理需要令牌。",
  ],
  noAdmin: [
    "This user is no admin: if there is no other, nobody can come back to this page. Add an admin first.",
    "此用户不是 admin：如果没有其他 admin，将无人能够返回此页面。请先添加 admin。",
  ],
  empty: ["There is no user.", "尚无用户。"],
});

interface User {
  name: string;
  role: Role;
  created: number;
}

const LEAST = 10;

export function Users({ who }: TabProps) {
  const [order, setOrder] = useParameter("order", "name");
  const [changing, setChanging] = useState<User>();
  const [removing, setRemoving] = useState<User>();
  const users = useLoaded("users", (signal) => ask<User[]>("/api/v1/users", { signal }), 30);
  const remove = async (user: User) => {
    await ask(`/api/v1/users/${encodeURIComponent(user.name)}`, { method: "DELETE" });
    users.again();
  };
  const columns: Column<User>[] = [
    { key: "name", title: say("name"), by: (user) => user.name, cell: (user) => user.name },
    { key: "role", title: say("role"), by: (user) => user.role, cell: (user) => <Badge kind="dim">{user.role}</Badge> },
    {
      key: "created",
      title: say("created"),
      by: (user) => user.created,
      cell: (user) => written(user.created, "time"),
    },
    {
      key: "do",
      title: "",
      cell: (user) => (
        <span class="buttons">
          <button type="button" onClick={() => setChanging(user)} aria-label={say("anotherOf", user.name)}>
            {say("another")}
          </button>
          <button
            type="button"
            class="danger"
            onClick={() => setRemoving(user)}
            aria-label={`${say("remove")}: ${user.name}`}
          >
            {say("remove")}
          </button>
        </span>
      ),
    },
  ];
  return (
    <>
      <OpenWarning open={who.open} />
      <Add isOpen={who.open} onDone={users.again} />
      <section class="box">
        <h2>{say("users")}</h2>
        <Trouble error={users.error} />
        {users.data || users.error ? null : <Loading />}
        {users.data?.length === 0 ? <p class="dim">{say("empty")}</p> : null}
        {users.data?.length ? (
          <Table
            caption={say("users")}
            columns={columns}
            rows={users.data}
            id={(user) => user.name}
            order={order}
            onOrder={setOrder}
          />
        ) : null}
      </section>
      {changing ? <Password user={changing} onClose={() => setChanging(undefined)} /> : null}
      {removing ? (
        <Confirm
          title={say("removeOf", removing.name)}
          action={say("remove")}
          onAct={() => remove(removing)}
          onClose={() => setRemoving(undefined)}
        >
          {say("removeText")}
        </Confirm>
      ) : null}
    </>
  );
}

function Add(props: { isOpen: boolean; onDone: () => void }) {
  const act = useAct();
  const [asking, setAsking] = useState<HTMLFormElement>();
  const send = async (form: HTMLFormElement) => {
    await ask("/api/v1/users", { method: "POST", body: Object.fromEntries(new FormData(form)) });
    form.reset();
    props.onDone();
  };
  const add = async (form: HTMLFormElement) => {
    if (props.isOpen) setAsking(form);
    else await act.run(() => send(form));
  };
  const role = asking ? new FormData(asking).get("role") : "";
  return (
    <section class="box">
      <h2>{say("add")}</h2>
      <form
        class="form across"
        onSubmit={(event) => {
          event.preventDefault();
          void add(event.currentTarget);
        }}
      >
        <label>
          {say("name")}
          <input name="name" required autocomplete="off" />
        </label>
        <RoleChoice standard="admin" />
        <label>
          {say("password")}
          <input name="password" type="password" required minLength={LEAST} autocomplete="new-password" />
        </label>
        <button class="primary" disabled={act.busy}>
          {say("add")}
        </button>
        <Problems error={act.error} />
      </form>
      {asking ? (
        <Shutting action={say("add")} onAct={() => send(asking)} onClose={() => setAsking(undefined)}>
          {role === "admin" ? say("login") : say("noAdmin")}
        </Shutting>
      ) : null}
    </section>
  );
}

function Password(props: { user: User; onClose: () => void }) {
  const act = useAct();
  const save = async (fields: FormData) => {
    const path = `/api/v1/users/${encodeURIComponent(props.user.name)}/password`;
    const body = { password: fields.get("password") };
    if (await act.run(() => ask(path, { method: "POST", body }))) props.onClose();
  };
  return (
    <Dialog title={say("anotherOf", props.user.name)} onClose={props.onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save(new FormData(event.currentTarget));
        }}
      >
        <p class="dim">{say("ends")}</p>
        <label>
          {say("password")}
          <input name="password" type="password" required minLength={LEAST} autocomplete="new-password" autofocus />
        </label>
        <Problems error={act.error} />
        <button class="primary" disabled={act.busy}>
          {say("save")}
        </button>
      </form>
    </Dialog>
  );
}
