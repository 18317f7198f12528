import { useState } from "preact/hooks";
import type { TargetedSubmitEvent } from "preact";
import { baseName } from "../paths.ts";
import { sizeText, timeText, visible } from "../quantities.ts";
import { type ConflictChoice, type Question, question } from "../state/dialogs.ts";
import { login, trustQuestion } from "../state/login.ts";
import { CertificateFacts } from "./certificate-facts.tsx";
import { DetailsDialog } from "./details-dialog.tsx";
import { Modal } from "./modal.tsx";
import { TrustDialog } from "./trust-dialog.tsx";

/** Whatever a person is asked at the moment. */
export function Dialogs() {
  if (trustQuestion.value !== undefined) return <TrustDialog question={trustQuestion.value} />;
  const asked = question.value;
  if (asked === undefined) return null;
  switch (asked.kind) {
    case "name":
      return <NameDialog asked={asked} />;
    case "confirm":
      return <ConfirmDialog asked={asked} />;
    case "conflict":
      return <ConflictDialog asked={asked} />;
    case "certificate":
      return <CertificateDialog asked={asked} />;
    case "details":
      return <DetailsDialog path={asked.path} entry={asked.entry} onClose={asked.answer} />;
  }
}

type Asked<Kind extends Question["kind"]> = { readonly asked: Extract<Question, { kind: Kind }> };

function NameDialog({ asked }: Asked<"name">) {
  const { title, label, initial, action, answer } = asked;
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const name = new FormData(event.currentTarget).get("name");
    answer(typeof name === "string" && name.trim() !== "" ? name : undefined);
  };
  return (
    <Modal title={title} onClose={() => answer(undefined)}>
      <form onSubmit={submit}>
        <label class="field">
          <span>{label}</span>
          <input name="name" defaultValue={initial} autocomplete="off" autofocus required pattern="[^/]+" />
        </label>
        <div class="actions">
          <button type="button" onClick={() => answer(undefined)}>
            Cancel
          </button>
          <button type="submit" class="primary">
            {action}
          </button>
        </div>
      </form>
    </Modal>
  );
}

function ConfirmDialog({ asked }: Asked<"confirm">) {
  const { title, text, action, answer } = asked;
  return (
    <Modal title={visible(title)} onClose={() => answer(false)}>
      <p>{text}</p>
      <div class="actions">
        <button type="button" onClick={() => answer(false)} autofocus>
          Cancel
        </button>
        <button type="button" class="danger" onClick={() => answer(true)}>
          {action}
        </button>
      </div>
    </Modal>
  );
}

const policies: readonly (readonly [ConflictChoice["policy"], string])[] = [
  ["overwrite", "Replace"],
  ["newer", "Replace if newer"],
  ["size-differs", "Replace if the size differs"],
  ["rename", "Keep both"],
  ["skip", "Skip"],
];

function ConflictDialog({ asked }: Asked<"conflict">) {
  const { path, source, target, others, answer } = asked;
  const [forAll, setForAll] = useState(false);
  return (
    <Modal title={`${visible(baseName(path))} exists already`} onClose={() => answer(undefined)}>
      <table class="compare">
        <thead>
          <tr>
            <th />
            <th scope="col">Size</th>
            <th scope="col">Modified</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">On the server</th>
            <td>{sizeText(target.size)}</td>
            <td>{timeText(target.modified)}</td>
          </tr>
          <tr>
            <th scope="row">Yours</th>
            <td>{sizeText(source.size)}</td>
            <td>{timeText(new Date(source.modifiedMs).toISOString())}</td>
          </tr>
        </tbody>
      </table>
      {others > 0 && (
        <label class="tick">
          <input type="checkbox" checked={forAll} onChange={({ currentTarget }) => setForAll(currentTarget.checked)} />
          Do the same for the {others} others
        </label>
      )}
      <div class="actions actions-stacked">
        {policies.map(([policy, text]) => (
          <button type="button" key={policy} autofocus={policy === "skip"} onClick={() => answer({ policy, forAll })}>
            {text}
          </button>
        ))}
      </div>
    </Modal>
  );
}

function CertificateDialog({ asked }: Asked<"certificate">) {
  const tls = login.value?.tls;
  return (
    <Modal title="How this connection is protected" onClose={asked.answer}>
      <dl class="facts">
        <div>
          <dt>Mode</dt>
          <dd>
            {login.value?.security === "implicit"
              ? "implicit: TLS from the first octet"
              : "explicit: TLS after AUTH TLS"}
          </dd>
        </div>
        {tls && (
          <>
            <div>
              <dt>Version</dt>
              <dd>{tls.protocol}</dd>
            </div>
            <div>
              <dt>Suite</dt>
              <dd>{tls.suite}</dd>
            </div>
            <div>
              <dt>Key exchange</dt>
              <dd>{tls.group ?? "not seen"}</dd>
            </div>
            <div>
              <dt>Trusted by</dt>
              <dd>{trustTexts[tls.trustedBy] ?? tls.trustedBy}</dd>
            </div>
            <div>
              <dt>Data connections</dt>
              <dd>{resumptionText(tls.dataResumed)}</dd>
            </div>
          </>
        )}
      </dl>
      {tls && <CertificateFacts certificate={tls.certificate} />}
      <div class="actions">
        <button type="button" class="primary" onClick={() => asked.answer()} autofocus>
          Close
        </button>
      </div>
    </Modal>
  );
}

const trustTexts: Readonly<Record<string, string>> = {
  authorities: "an authority that this gateway trusts",
  pin: "you: this key alone is accepted",
};

function resumptionText(resumed: boolean | undefined): string {
  if (resumed === undefined) return "none yet";
  return resumed ? "encrypted, TLS resumed from this connection" : "encrypted, each with a handshake of its own";
}
