import { useEffect, useState } from "preact/hooks";
import type { LoginJson, ProblemJson } from "../../api/api.ts";
import { logins, problemOf } from "../gateway-client.ts";
import { timeText } from "../quantities.ts";
import { areLoginsShown } from "../state/layers.ts";
import { endLogin, login, openLogins, serverName } from "../state/login.ts";
import { texts } from "../texts/language.ts";
import { Icon } from "./icon.tsx";
import { Modal } from "./modal.tsx";
import { ProblemNote } from "./problem-note.tsx";

/** Every login that the gateway keeps for this browser, those of other windows too; each can be ended. */
export function LoginsDialog() {
  const [all, setAll] = useState<readonly LoginJson[]>();
  const [problem, setProblem] = useState<ProblemJson>();
  const t = texts.value.logins;
  const close = (): void => void (areLoginsShown.value = false);
  const read = (): Promise<void> =>
    logins().then(
      (found) => setAll(found.toSorted(latestFirst)),
      (error) => setProblem(problemOf(error)),
    );
  useEffect(() => void read(), []);
  const end = async (given: readonly LoginJson[]): Promise<void> => {
    setProblem(undefined);
    try {
      for (const each of given) await endLogin(each);
    } catch (error) {
      setProblem(problemOf(error));
    }
    await read();
  };
  const elsewhere = (all ?? []).filter(({ id }) => !isHere(id));
  return (
    <Modal title={t.title} onClose={close}>
      <p class="view-note">{t.about}</p>
      {problem && <ProblemNote problem={problem} />}
      {all === undefined && problem === undefined && <p role="status">{texts.value.page.opening}</p>}
      <ul class="logins">
        {all?.map((each) => (
          <Row key={each.id} of={each} onEnd={() => void end([each])} />
        ))}
      </ul>
      <div class="actions">
        <button type="button" class="danger" disabled={elsewhere.length === 0} onClick={() => void end(elsewhere)}>
          {t.endOthers}
        </button>
        <button type="button" class="primary" onClick={close} autofocus>
          {texts.value.common.close}
        </button>
      </div>
    </Modal>
  );
}

function Row({ of, onEnd }: { readonly of: LoginJson; readonly onEnd: () => void }) {
  const t = texts.value.logins;
  const name = serverName(of);
  return (
    <li>
      <Icon name={of.security === "plain" && of.kerberos === undefined ? "open" : "closed"} />
      <div>
        <strong>{name}</strong>
        {isHere(of.id) && <span class="here">{of.id === login.value?.id ? t.thisOne : t.secondPane}</span>}
        <small>
          {protectionText(of)} · {t.since(timeText(of.createdAt))} · {t.used(timeText(of.usedAt))}
        </small>
      </div>
      <button type="button" onClick={onEnd} aria-label={t.end(name)}>
        {texts.value.files.signOut}
      </button>
    </li>
  );
}

function protectionText({ security, tls, kerberos }: LoginJson): string {
  if (kerberos !== undefined) return "Kerberos";
  if (tls === undefined) return texts.value.tls.inClear;
  return `${texts.value.signIn[security]}, ${tls.protocol.replace("TLSv", "TLS ")}`;
}

/** Whether this very page shows it. */
function isHere(id: string): boolean {
  return openLogins().some((each) => each.id === id);
}

function latestFirst(one: LoginJson, other: LoginJson): number {
  return other.usedAt.localeCompare(one.usedAt);
}
