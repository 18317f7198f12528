import { useState } from "preact/hooks";
import type { TargetedSubmitEvent } from "preact";
import { baseName } from "../paths.ts";
import { sizeText, timeText, visible } from "../quantities.ts";
import { type ConflictChoice, type Question, question } from "../state/dialogs.ts";
import { login, trustQuestion } from "../state/login.ts";
import { CertificateFacts } from "./certificate-facts.tsx";
import { later } from "./later.tsx";
import { Modal } from "./modal.tsx";
import { ProblemNote } from "./problem-note.tsx";
import { TrustDialog } from "./trust-dialog.tsx";
import { texts } from "../texts/language.ts";

const DetailsDialog = later(async () => (await import("./details-dialog.tsx")).DetailsDialog);

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
    case "choice":
      return <ChoiceDialog asked={asked} />;
    case "certificate":
      return <CertificateDialog asked={asked} />;
    case "details":
      return <DetailsDialog pane={asked.pane} entry={asked.entry} onClose={asked.answer} />;
  }
}

type Asked<Kind extends Question["kind"]> = { readonly asked: Extract<Question, { kind: Kind }> };

function NameDialog({ asked }: Asked<"name">) {
  const { title, label, initial, action, refuse, problem, answer } = asked;
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const name = new FormData(event.currentTarget).get("name");
    answer(typeof name === "string" && name.trim() !== "" ? name : undefined);
  };
  return (
    <Modal title={title} onClose={() => answer(undefined)}>
      <form onSubmit={submit}>
        {problem && <ProblemNote problem={problem} />}
        <label class="field">
          <span>{label}</span>
          <input
            name="name"
            defaultValue={initial}
            autocomplete="off"
            autofocus
            required
            pattern="[^\/]+"
            title={texts.value.files.nameAlone}
            onInput={({ currentTarget }) => currentTarget.setCustomValidity(refuse?.(currentTarget.value) ?? "")}
          />
        </label>
        <div class="actions">
          <button type="button" onClick={() => answer(undefined)}>
            {texts.value.common.cancel}
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
      <p>{visible(text)}</p>
      <div class="actions">
        <button type="button" onClick={() => answer(false)} autofocus>
          {texts.value.common.cancel}
        </button>
        <button type="button" class="danger" onClick={() => answer(true)}>
          {action}
        </button>
      </div>
    </Modal>
  );
}

function ChoiceDialog({ asked }: Asked<"choice">) {
  const { title, text, choices, answer } = asked;
  return (
    <Modal title={visible(title)} onClose={() => answer(undefined)}>
      <p>{text}</p>
      <div class="actions actions-stacked">
        {choices.map(([value, label]) => (
          <button type="button" key={value} onClick={() => answer(value)}>
            {label}
          </button>
        ))}
        <button type="button" onClick={() => answer(undefined)} autofocus>
          {texts.value.common.cancel}
        </button>
      </div>
    </Modal>
  );
}

const policies: readonly (readonly [
  ConflictChoice["policy"],
  "overwrite" | "newer" | "sizeDiffers" | "rename" | "skip",
])[] = [
  ["overwrite", "overwrite"],
  ["newer", "newer"],
  ["size-differs", "sizeDiffers"],
  ["rename", "rename"],
  ["skip", "skip"],
];

function ConflictDialog({ asked }: Asked<"conflict">) {
  const { path, source, target, others, isForAll = false, canResume = false, answer } = asked;
  const [forAll, setForAll] = useState(false);
  const t = texts.value.conflict;
  return (
    <Modal title={t.title(visible(baseName(path)))} onClose={() => answer(undefined)}>
      <table class="compare">
        <thead>
          <tr>
            <th />
            <th scope="col">{texts.value.common.size}</th>
            <th scope="col">{texts.value.common.modified}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{t.onServer}</th>
            <td>{target.type === "directory" ? "" : sizeText(target.size)}</td>
            <td>{timeText(target.modified)}</td>
          </tr>
          <tr>
            <th scope="row">{t.yours}</th>
            <td>{sizeText(source.size)}</td>
            <td>{timeText(new Date(source.modifiedMs).toISOString())}</td>
          </tr>
        </tbody>
      </table>
      {others > 0 && isForAll && <p>{t.forAll}</p>}
      {others > 0 && !isForAll && (
        <label class="tick">
          <input type="checkbox" checked={forAll} onChange={({ currentTarget }) => setForAll(currentTarget.checked)} />
          {t.forOthers(others)}
        </label>
      )}
      <div class="actions actions-stacked">
        {canResume && (
          <button type="button" onClick={() => answer({ policy: "overwrite", forAll, isResume: true })}>
            {t.resume}
          </button>
        )}
        {policies.map(([policy, text]) => (
          <button type="button" key={policy} autofocus={policy === "skip"} onClick={() => answer({ policy, forAll })}>
            {t[text]}
          </button>
        ))}
      </div>
    </Modal>
  );
}

function CertificateDialog({ asked }: Asked<"certificate">) {
  const tls = login.value?.tls;
  const t = texts.value.tls;
  return (
    <Modal title={t.title} onClose={asked.answer}>
      <dl class="facts">
        <div>
          <dt>{t.mode}</dt>
          <dd>{login.value?.security === "implicit" ? t.implicitMode : t.explicitMode}</dd>
        </div>
        {tls && (
          <>
            <div>
              <dt>{t.version}</dt>
              <dd>{tls.protocol}</dd>
            </div>
            <div>
              <dt>{t.suite}</dt>
              <dd>{tls.suite}</dd>
            </div>
            <div>
              <dt>{t.exchange}</dt>
              <dd>{tls.group ?? t.notSeen}</dd>
            </div>
            <div>
              <dt>{t.trustedBy}</dt>
              <dd>{tls.trustedBy === "authorities" ? t.byAuthorities : t.byPin}</dd>
            </div>
            <div>
              <dt>{t.data}</dt>
              <dd>{resumptionText(tls.dataResumed)}</dd>
            </div>
          </>
        )}
      </dl>
      {tls && <CertificateFacts certificate={tls.certificate} />}
      <div class="actions">
        <button type="button" class="primary" onClick={() => asked.answer()} autofocus>
          {texts.value.common.close}
        </button>
      </div>
    </Modal>
  );
}

function resumptionText(resumed: boolean | undefined): string {
  const t = texts.value.tls;
  if (resumed === undefined) return t.dataNone;
  return resumed ? t.dataResumedText : t.dataNotResumedText;
}
