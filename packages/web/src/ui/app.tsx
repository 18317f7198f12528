import { login, isResuming } from "./state/login.ts";
import { Dialogs } from "./parts/dialogs.tsx";
import { BrowserScreen } from "./screens/browser.tsx";
import { SignInScreen } from "./screens/sign-in.tsx";

export function App() {
  if (isResuming.value)
    return (
      <p class="waiting" role="status">
        Opening…
      </p>
    );
  return (
    <>
      {login.value === undefined ? <SignInScreen /> : <BrowserScreen login={login.value} />}
      <Dialogs />
    </>
  );
}
