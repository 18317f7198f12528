import type { PeerCertificateJson } from "../../api/api.ts";
import { answerTrust, forgetExpectedKey, type TrustQuestion } from "../state/login.ts";
import { CertificateFacts } from "./certificate-facts.tsx";
import { dayText, visible } from "../quantities.ts";
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
      <CertificateFaults certificate={certificate} />
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

/** Each fault in one sentence. */
function CertificateFaults({ certificate }: { readonly certificate: PeerCertificateJson }) {
  const { host, problems } = certificate;
  return (
    <ul class="faults">
      {problems.map(({ code, text }) => {
        const known = faultWords[code]?.(certificate);
        return known === undefined ? (
          <li key={code} lang="en">
            {visible(`The certificate of ${host} ${text}.`)}
          </li>
        ) : (
          <li key={code}>{visible(known)}</li>
        );
      })}
    </ul>
  );
}

/** In the language of the page, what its own certificate shows; of those behind it the gateway tells. */
const faultWords: Readonly<Record<string, (certificate: PeerCertificateJson) => string | undefined>> = {
  SALLYPORT_CERTIFICATE_EXPIRED: ({ host, validUntil }) =>
    Date.parse(validUntil) < Date.now() ? texts.value.trust.expired(host, dayText(validUntil)) : undefined,
  SALLYPORT_CERTIFICATE_NOT_YET_VALID: ({ host, validFrom }) =>
    Date.parse(validFrom) > Date.now() ? texts.value.trust.notYetValid(host, dayText(validFrom)) : undefined,
  SALLYPORT_CERTIFICATE_NAME: ({ host, names }) => {
    const { trust, certificate } = texts.value;
    const more = names.length > namesShown ? ", …" : "";
    return trust.otherName(
      host,
      names.length === 0 ? certificate.noName : names.slice(0, namesShown).join(", ") + more,
    );
  },
};

const namesShown = 5;
