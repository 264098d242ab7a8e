// Where the pages begin: which path shows which page. Pages are loaded when they are first shown.
import { render, type ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { followLinks, useAddress } from "./address";
import { Shell } from "./shell";
import { show } from "./theme";
import { Trouble } from "./parts/small";

export interface PageProps {
  /** The part of the path that is a name: that of a host. */
  name: string;
}

type Load = () => Promise<{ default: ComponentType<PageProps> }>;

const PAGES: readonly (readonly [RegExp, Load])[] = [
  [/^\/$/, () => import("./pages/overview")],
  [/^\/agents\/([^/]+)$/, () => import("./pages/host")],
  [/^\/compare$/, () => import("./pages/compare")],
  [/^\/alerts$/, () => import("./pages/alerts")],
  [/^\/explore$/, () => import("./pages/explore")],
  [/^\/status$/, () => import("./pages/status")],
  [/^\/login$/, () => import("./pages/login")],
];

function Page() {
  const path = useAddress().pathname;
  const [page, setPage] = useState<{ Content: ComponentType<PageProps>; name: string }>();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    let wanted = true;
    for (const [pattern, load] of PAGES) {
      const found = pattern.exec(path);
      if (!found) continue;
      load().then(
        ({ default: Content }) => wanted && setPage({ Content, name: decodeURIComponent(found[1] ?? "") }),
        (failure: Error) => wanted && setError(failure),
      );
      return () => {
        wanted = false;
      };
    }
    setError(new Error(`There is no page at ${path}.`));
    return undefined;
  }, [path]);
  if (error) return <Trouble error={error} />;
  return page ? <page.Content key={page.name} name={page.name} /> : null;
}

show();
followLinks();
const root = document.getElementById("app");
if (root) {
  const alone = location.pathname === "/login";
  render(
    alone ? (
      <Page />
    ) : (
      <Shell>
        <Page />
      </Shell>
    ),
    root,
  );
}
