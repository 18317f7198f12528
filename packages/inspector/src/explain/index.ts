export { explain, standardPorts, strippedClients, type ExplainOptions, type StrippedClient } from "./explain.ts";
export type { TrustOptions } from "./handshake.ts";
export { renderExplanationLive } from "./render-live.ts";
export { renderExplanation, renderSummary, type RenderOptions } from "./render-terminal.ts";
export { dialogueNames, runDialogue, type DialogueLine, type DialogueName } from "./dialogues.ts";
export { renderDialogueLine } from "./render-dialogue.ts";
export { columnsOf, cut, glyphTables, paint } from "./terminal-text.ts";
export { terminalSettings, type TerminalFacts } from "./terminal-settings.ts";
export { nextStep, renderStep, type StepPlace } from "./render-step.ts";
