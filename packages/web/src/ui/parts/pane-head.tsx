import { useEffect, useState } from "preact/hooks";
import type { LoginJson } from "../../api/api.ts";
import { logins } from "../gateway-client.ts";
import { connectsBeside } from "../state/layers.ts";
import { enterBeside, openLogins } from "../state/login.ts";
import type { Pane } from "../state/pane.ts";
import { closeSecond, openSecond, panes } from "../state/panes.ts";
import { texts } from "../texts/language.ts";
import { Icon } from "./icon.tsx";

/** Whose files a pane shows; the second one can show another server's. */
export function PaneHead({ pane }: { readonly pane: Pane }) {
  const [known, setKnown] = useState<readonly LoginJson[]>(openLogins);
  const current = pane.login.value;
  const isSecond = panes.value[1] === pane;
  useEffect(() => void logins().then(setKnown, () => {}), [current?.id]);
  if (!isSecond) return <p class="pane-head">{nameOf(current)}</p>;
  const choose = (id: string): void => {
    const found = known.find((each) => each.id === id);
    if (found === undefined) return void (connectsBeside.value = true);
    enterBeside(found);
    openSecond(found);
  };
  return (
    <div class="pane-head">
      <select
        aria-label={texts.value.panes.server}
        value={current?.id}
        onChange={({ currentTarget }) => {
          choose(currentTarget.value);
          currentTarget.value = current?.id ?? "";
        }}
      >
        {known.map((each) => (
          <option key={each.id} value={each.id}>
            {nameOf(each)}
          </option>
        ))}
        <option value="">{texts.value.panes.another}</option>
      </select>
      <span class="spring" />
      <button
        type="button"
        class="quiet"
        title={texts.value.panes.close}
        aria-label={texts.value.panes.close}
        onClick={closeSecond}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

function nameOf(login: LoginJson | undefined): string {
  return login === undefined ? "" : `${login.user}@${login.host}:${login.port} (${login.security})`;
}
