export { explainPage, type PageRecordings } from "./explain-page.ts";
export { serveExplanation, type ExplanationRun, type ServedExplanation } from "./serve-explanation.ts";
