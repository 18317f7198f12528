import { render } from "preact";
import { App } from "./app.tsx";
import { resumeLogin } from "./state/login.ts";
import { speakPreferred } from "./texts/language.ts";

const page = document.getElementById("page");
if (page !== null) {
  await speakPreferred();
  render(<App />, page);
  await resumeLogin();
}
