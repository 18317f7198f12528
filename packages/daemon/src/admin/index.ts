export { activityText } from "../log/activity-text.ts";
export { durationText, sizeText } from "../log/quantities.ts";
export { askServer } from "./admin-client.ts";
export type { AdminAnswers, Ban } from "./admin-protocol.ts";
