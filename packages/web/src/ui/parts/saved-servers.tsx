import { visible } from "../quantities.ts";
import type { RecentServer } from "../state/recent.ts";
import { texts } from "../texts/language.ts";
import { Icon } from "./icon.tsx";

interface SavedServersProperties {
  readonly servers: readonly RecentServer[];
  readonly onChoose: (server: RecentServer) => void;
  readonly onForget: (server: RecentServer) => void;
}

/** Servers that this browser was connected to, with everything but passwords. */
export function SavedServers({ servers, onChoose, onForget }: SavedServersProperties) {
  const t = texts.value.signIn;
  if (servers.length === 0) return null;
  return (
    <section class="saved" aria-label={t.saved}>
      <h2>{t.saved}</h2>
      <ul>
        {servers.map((server) => {
          const title = `${server.user === "" ? "anonymous" : server.user} · ${server.address}`;
          return (
            <li key={title}>
              <button type="button" class="quiet" onClick={() => onChoose(server)}>
                <Icon name={server.security === "plain" ? "open" : "closed"} /> {visible(title)}
              </button>
              <button
                type="button"
                class="quiet"
                aria-label={t.forget(visible(title))}
                onClick={() => onForget(server)}
              >
                <Icon name="close" />
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
