import { limits } from "@sallyport/protocol";
import { Server } from "node:net";

/**
 * Makes a store of TLS 1.2 states for one control connection, for clients that resume by session ID and know no
 * tickets (RFC 5246 §7.3). It is passed as the `server` option of TLSSocket, which asks it by event; as a server it
 * never listens.
 *
 * Without it a TLSSocket of Node resumes by ticket only. It keeps limits.sessionIdsCount states, newest last.
 */
export function createSessionIdCache(): Server {
  const states = new Map<string, Buffer>();
  return new Server()
    .on("newSession", (id: Buffer, state: Buffer, done: () => void) => {
      const [oldest] = states.keys();
      if (oldest !== undefined && states.size >= limits.sessionIdsCount.value) states.delete(oldest);
      states.set(id.toString("hex"), state);
      done();
    })
    .on("resumeSession", (id: Buffer, done: (error: null, state: Buffer | null) => void) => {
      done(null, states.get(id.toString("hex")) ?? null);
    });
}
