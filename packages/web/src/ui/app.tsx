import { useEffect, useState } from "preact/hooks";
import { login, isResuming } from "./state/login.ts";
import { Dialogs } from "./parts/dialogs.tsx";
import { later } from "./parts/later.tsx";
import { SignInScreen } from "./screens/sign-in.tsx";
import { texts } from "./texts/language.ts";

const BrowserScreen = later(async () => (await import("./screens/browser.tsx")).BrowserScreen);
const ExplainScreen = later(async () => (await import("./screens/explain.tsx")).ExplainScreen);

export function App() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    // What comes behind signing in is fetched while a person signs in.
    import("./screens/browser.tsx").catch(() => {});
    const follow = (): void => setHash(location.hash);
    addEventListener("hashchange", follow);
    // It may have changed before anybody listened.
    follow();
    return () => removeEventListener("hashchange", follow);
  }, []);
  if (/^#explain(?:\?|$)/.test(hash)) return <ExplainScreen />;
  if (isResuming.value)
    return (
      <p class="waiting" role="status">
        {texts.value.page.opening}
      </p>
    );
  return (
    <>
      {login.value === undefined ? <SignInScreen /> : <BrowserScreen login={login.value} />}
      <Dialogs />
    </>
  );
}
