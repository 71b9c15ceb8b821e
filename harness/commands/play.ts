/**
 * Starts Restate with its UI, the services, and their external systems with a page of their own, to be played with.
 *
 *     npm run play [-- PATTERN...]      all patterns when none is named
 *
 * Prints where everything is, and curl lines to try. Ctrl-C ends it all, and forgets what happened.
 */
import { once } from "node:events";
import { Play, PORTS } from "../play/index.ts";
import { allProperties } from "./properties.ts";

function tell(play: Play): void {
  const { ports } = play;
  const lines = [
    `Restate          http://localhost:${ports.ingress}  (its UI: http://localhost:${ports.admin})`,
    `front apps       http://localhost:${ports.apps}`,
    `external systems http://localhost:${ports.external}  (their ledger, live; each can be made to fail)`,
    "",
    ...play.patterns.flatMap((name) => [name, ...play.examples(name).map((line) => `  ${line}`), ""]),
    "Ctrl-C ends it all.",
  ];
  console.log(lines.join("\n"));
}

try {
  const ended = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  const play = await Play.start(process.argv.slice(2), await allProperties());
  tell(play);
  await ended;
  await play.close();
  process.exit();
} catch (error) {
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
  const taken = code === "EADDRINUSE" ? `port ${port} is in use: end what listens there` : message;
  console.error(`stormproof: ${taken}. It needs the ports ${Object.values(PORTS).join(", ")} of 127.0.0.1.`);
  process.exit(1);
}
