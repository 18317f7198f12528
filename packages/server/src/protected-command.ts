import { reply, type Reply } from "@sallyport/protocol";
import type { PiState } from "./login/login-state.ts";

/** MIC and ENC need a mechanism with messages of its own: 503 before any exchange, 537 under TLS (R-2228-09). */
export function protectedCommandRefusal(state: PiState): Reply {
  return state.control === "clear" || state.control === "exchanging"
    ? reply(503, "AUTH comes first.")
    : reply(537, "TLS protects the connection itself, not single commands.");
}
