// Logging in, where tokens or users are set up.
import { useState } from "preact/hooks";
import { ask } from "../api";
import { Trouble } from "../parts/small";
import { wording } from "../words";

const say = wording({
  title: ["Log in to Fleetgauge", "登录 Fleetgauge"],
  name: ["Name", "用户名"],
  password: ["Password", "密码"],
  enter: ["Log in", "登录"],
});

/** Only a path of ours: an address given from outside must not lead elsewhere. */
function target(): string {
  const to = new URLSearchParams(location.search).get("to") ?? "/";
  return /^\/(?![/\\])/.test(to) ? to : "/";
}

export default function Login() {
  const [error, setError] = useState<Error>();
  const enter = async (form: HTMLFormElement) => {
    const fields = new FormData(form);
    try {
      const body = { name: fields.get("name"), password: fields.get("password") };
      await ask("/api/v1/login", { method: "POST", body });
      location.assign(target());
    } catch (failure) {
      setError(failure as Error);
    }
  };
  return (
    <main class="login">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void enter(event.currentTarget);
        }}
      >
        <h1>{say("title")}</h1>
        <label>
          {say("name")}
          <input name="name" autocomplete="username" required autofocus />
        </label>
        <label>
          {say("password")}
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <button class="primary">{say("enter")}</button>
        <Trouble error={error} />
      </form>
    </main>
  );
}
