import { useEffect } from "preact/hooks";
import type { LoginJson } from "../../api/api.ts";
import { SignInForm } from "../screens/sign-in.tsx";
import { formOf, leaveLost, type OverBecause, signInProblem } from "../state/login.ts";
import { texts } from "../texts/language.ts";
import { Modal } from "./modal.tsx";

/** Signs in again where a login is gone; the files, and what is not saved, stay below it. */
export function ReturnDialog({ login, because }: { readonly login: LoginJson; readonly because: OverBecause }) {
  useEffect(() => void (signInProblem.value = undefined), []);
  return (
    <Modal title={texts.value.over.again(login.host)} onClose={leaveLost}>
      <p class="note">{texts.value.over[because]}</p>
      <SignInForm initial={formOf(login)} onCancel={leaveLost} />
    </Modal>
  );
}
