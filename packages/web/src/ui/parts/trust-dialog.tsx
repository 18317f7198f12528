import { answerTrust, forgetExpectedKey, type TrustQuestion } from "../state/login.ts";
import { CertificateFacts } from "./certificate-facts.tsx";
import { Modal } from "./modal.tsx";
import { texts } from "../texts/language.ts";

/** Asks whether a server that cannot prove who it is may have the password. A key that changed is an alarm. */
export function TrustDialog({ question }: { readonly question: TrustQuestion }) {
  const { problem, expected } = question;
  const { certificate } = problem;
  const t = texts.value.trust;
  const stop = (): void => void answerTrust("stop");
  if (certificate === undefined) return null;
  if (expected !== undefined) {
    return (
      <Modal title={t.changed(certificate.host)} tone="alarm" onClose={stop}>
        <p>{t.changedText}</p>
        <dl class="facts">
          <div>
            <dt>{t.expected}</dt>
            <dd>{expected}</dd>
          </div>
          <div>
            <dt>{t.presented}</dt>
            <dd>{certificate.pin}</dd>
          </div>
        </dl>
        <CertificateFacts certificate={certificate} />
        <div class="actions">
          <button type="button" onClick={forgetExpectedKey}>
            {t.forget}
          </button>
          <button type="button" class="primary" onClick={stop} autofocus>
            {t.stop}
          </button>
        </div>
      </Modal>
    );
  }
  return (
    <Modal title={t.vouch(certificate.host)} onClose={stop}>
      <p>{t.vouchText}</p>
      <ul lang="en">
        {certificate.problems.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <p>{t.compare}</p>
      <CertificateFacts certificate={certificate} />
      <div class="actions">
        <button type="button" onClick={stop} autofocus>
          {t.stop}
        </button>
        <button type="button" onClick={() => void answerTrust("once")}>
          {t.once}
        </button>
        <button type="button" class="primary" onClick={() => void answerTrust("remember")}>
          {t.remember}
        </button>
      </div>
    </Modal>
  );
}
