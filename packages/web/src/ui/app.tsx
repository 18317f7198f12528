import { useEffect, useState } from "preact/hooks";
import { login, isResuming } from "./state/login.ts";
import { Dialogs } from "./parts/dialogs.tsx";
import { BrowserScreen } from "./screens/browser.tsx";
import { ExplainScreen } from "./screens/explain.tsx";
import { SignInScreen } from "./screens/sign-in.tsx";

export function App() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = (): void => setHash(location.hash);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  if (hash === "#explain") return <ExplainScreen />;
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
