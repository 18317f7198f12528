import type { ProblemJson } from "../../api/api.ts";
import { visible } from "../quantities.ts";
import { Icon } from "./icon.tsx";
import { problemTexts, texts } from "../texts/language.ts";

/** The sentence about a problem in the language of the page, where it has one. */
export function problemText({ code, cause = "", message }: ProblemJson): string {
  const known = problemTexts.value;
  return known[cause] ?? known[code] ?? visible(message);
}

/** Why something failed: what the server said, what it means, and what to do. */
export function ProblemNote({ problem, onClose }: { readonly problem: ProblemJson; readonly onClose?: () => void }) {
  const { reply, explanation, advice = [], settings = [], code } = problem;
  return (
    <div class="problem" role="alert">
      <div>
        <p class="problem-message">{problemText(problem)}</p>
        {reply && (
          <p class="problem-reply">
            {texts.value.common.serverSaid} <code>{`${reply.code} ${visible(reply.text)}`}</code>
          </p>
        )}
        {explanation !== undefined && <p lang="en">{explanation}</p>}
        {advice.length > 0 && (
          <ul lang="en">
            {advice.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        )}
        {settings.length > 0 && (
          <details>
            <summary>{texts.value.common.forAdministrator}</summary>
            <ul lang="en">
              {settings.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </details>
        )}
        <p class="problem-code">{code}</p>
      </div>
      {onClose && (
        <button type="button" class="quiet" onClick={onClose} aria-label={texts.value.common.closeMessage}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
