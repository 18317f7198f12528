import { render } from "preact";
import { App } from "./app.tsx";
import { resumeLogin } from "./state/login.ts";

const page = document.getElementById("page");
if (page !== null) {
  render(<App />, page);
  void resumeLogin();
}
