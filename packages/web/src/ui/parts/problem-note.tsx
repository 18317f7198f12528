import type { ProblemJson } from "../../api/api.ts";
import { visible } from "../quantities.ts";
import { Icon } from "./icon.tsx";

/** Why something failed: what the server said, what it means, and what to do. */
export function ProblemNote({ problem, onClose }: { readonly problem: ProblemJson; readonly onClose?: () => void }) {
  const { message, reply, explanation, advice = [], code } = problem;
  return (
    <div class="problem" role="alert">
      <div>
        <p class="problem-message">{visible(message)}</p>
        {reply && (
          <p class="problem-reply">
            The server said <code>{`${reply.code} ${visible(reply.text)}`}</code>
          </p>
        )}
        {explanation !== undefined && <p>{explanation}</p>}
        {advice.length > 0 && (
          <ul>
            {advice.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        )}
        <p class="problem-code">{code}</p>
      </div>
      {onClose && (
        <button type="button" class="quiet" onClick={onClose} aria-label="Close this message">
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
