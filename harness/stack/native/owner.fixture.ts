/**
 * A runner that starts processes and then waits to be killed, for the tests of what it leaves behind:
 * `node owner.fixture.ts HOW [ON_EXIT]`.
 *
 * Prints its folder as soon as it has one, and then, unless it is to be "hasty", the ids of its processes: one that is
 * deaf to polite signals, and one that is frozen. ON_EXIT is a file to be written when it has died.
 */
import { writeSync } from "node:fs";
import { Processes } from "./processes.ts";

const [how, onExit] = process.argv.slice(2);
const print = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);
const DEAF = "for (const s of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(s, () => {}); setInterval(() => {}, 1000);";

const processes = new Processes();
if (onExit)
  processes.onExit(process.execPath, ["-e", `require("fs").writeFileSync(${JSON.stringify(onExit)}, "died")`]);
setInterval(() => {}, 1000);
process.on("SIGTERM", async () => {
  if (how === "closing") await processes.close();
  process.exit(0);
});
const spawn = () => processes.spawn(process.execPath, ["-e", DEAF], { env: {}, name: "deaf" });
if (how === "hasty") {
  void spawn();
  print({ folder: processes.folder });
} else {
  const children = [await spawn(), await spawn()];
  await children[1]!.signal("SIGSTOP");
  print({ folder: processes.folder, children: children.map(({ pid }) => pid) });
}
