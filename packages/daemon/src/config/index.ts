export { readConfigText } from "./config-file.ts";
export * from "./configuration.ts";
export * from "./read-configuration.ts";
export { isProblem, type ParsedDocument, parseJson, parseToml, readSmallFile } from "./document-file.ts";
export { configVariable } from "./environment-layer.ts";
export { emptyLayer, everySetting, type Layer, type Said, type SaidListener, type SettingKey } from "./layers.ts";
export { limitRows } from "./limit-settings.ts";
export { type Origin, originText, type Problem, problemError, problemLine } from "./problem.ts";
export { compareConfigurations, type Reread } from "./reread.ts";
export { serviceSettings } from "./service-settings.ts";
export { allowedText, fileForm, fromText, schemaOfKind, type SettingKind, type SettingValue } from "./setting-kinds.ts";
export type { Setting } from "./setting.ts";
export {
  environmentName,
  listenerRows,
  type SettingName,
  settingNames,
  settingRows,
  settings,
  type SettingValues,
} from "./setting-table.ts";
export { sampleFile, type ShownSetting, shownSettings, shownText, tomlValue } from "./shown.ts";
