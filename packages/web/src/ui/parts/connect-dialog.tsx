import { useEffect } from "preact/hooks";
import { SignInForm } from "../screens/sign-in.tsx";
import { connectsBeside } from "../state/layers.ts";
import { enterBeside, signInProblem } from "../state/login.ts";
import { openSecond } from "../state/panes.ts";
import { texts } from "../texts/language.ts";
import { Modal } from "./modal.tsx";

/** Signs in at another server, for the second pane. */
export function ConnectDialog() {
  const close = (): void => void (connectsBeside.value = false);
  useEffect(() => void (signInProblem.value = undefined), []);
  return (
    <Modal title={texts.value.panes.connect} onClose={close}>
      <SignInForm
        onEntered={(made) => {
          close();
          enterBeside(made);
          openSecond(made);
        }}
        onCancel={close}
      />
    </Modal>
  );
}
