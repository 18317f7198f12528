import { answerTrust, forgetExpectedKey, type TrustQuestion } from "../state/login.ts";
import { CertificateFacts } from "./certificate-facts.tsx";
import { Modal } from "./modal.tsx";

/** Asks whether a server that cannot prove who it is may have the password. A key that changed is an alarm. */
export function TrustDialog({ question }: { readonly question: TrustQuestion }) {
  const { problem, expected } = question;
  const { certificate } = problem;
  const stop = (): void => void answerTrust("stop");
  if (certificate === undefined) return null;
  if (expected !== undefined) {
    return (
      <Modal title={`The key of ${certificate.host} has changed`} tone="alarm" onClose={stop}>
        <p>
          You trusted another key of this server before. Another machine may be answering for it and reading what you
          send. No password was sent. Go on only if the server's owner confirms the new key.
        </p>
        <dl class="facts">
          <div>
            <dt>Expected</dt>
            <dd>{expected}</dd>
          </div>
          <div>
            <dt>Presented</dt>
            <dd>{certificate.pin}</dd>
          </div>
        </dl>
        <CertificateFacts certificate={certificate} />
        <div class="actions">
          <button type="button" onClick={forgetExpectedKey}>
            Forget the old key
          </button>
          <button type="button" class="primary" onClick={stop} autofocus>
            Stop
          </button>
        </div>
      </Modal>
    );
  }
  return (
    <Modal title={`Can you vouch for ${certificate.host}?`} onClose={stop}>
      <p>Nobody that this gateway knows vouches for this server. No password was sent yet. Its certificate</p>
      <ul>
        {certificate.problems.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <p>Compare the key fingerprint with what the server's owner tells you.</p>
      <CertificateFacts certificate={certificate} />
      <div class="actions">
        <button type="button" onClick={stop} autofocus>
          Stop
        </button>
        <button type="button" onClick={() => void answerTrust("once")}>
          Trust once
        </button>
        <button type="button" class="primary" onClick={() => void answerTrust("remember")}>
          Remember this key
        </button>
      </div>
    </Modal>
  );
}
