/** How this house draws on a terminal, for programs that draw something else than the inspector does. */
export { columnsOf, cut, glyphTables, paint } from "./explain/terminal-text.ts";
export { terminalSettings, type TerminalFacts } from "./explain/terminal-settings.ts";
