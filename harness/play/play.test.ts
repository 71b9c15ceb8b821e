/** Everything that `npm run play` starts, on free ports, and every line that it prints. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { catalog } from "../../src/catalog.ts";
import { allProperties } from "../commands/index.ts";
import { freePort } from "../stack/native/index.ts";
import { Play, type Ports } from "./index.ts";

const run = promisify(execFile);
let ports: Ports;
let play: Play;
beforeAll(async () => {
  const free = [];
  for (let n = 0; n < 5; n++) free.push(await freePort());
  const [ingress = 0, admin = 0, services = 0, apps = 0, external = 0] = free;
  ports = { ingress, admin, services, apps, external };
  play = await Play.start([], await allProperties(), ports);
});
afterAll(() => play?.close());

const ask = async (path: string, init?: RequestInit) => {
  const response = await fetch(`http://127.0.0.1:${ports.external}${path}`, init);
  return { status: response.status, text: await response.text() };
};
/** The lines of the ledger until one of them is about this. */
async function ledgerUntil(word: string): Promise<string> {
  const { body } = await fetch(`http://127.0.0.1:${ports.external}/ledger`);
  if (!body) throw new Error("there is no ledger");
  let text = "";
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes(word)) return text;
  }
  return text;
}

test.each(Object.keys(catalog))("%s: each of its lines works as it is written", async (pattern) => {
  const lines = play.examples(pattern);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    const { stdout } = await run("sh", ["-c", `${line} --silent --show-error --max-time 20 --fail-with-body`]).catch(
      (error: { stdout: string; stderr: string }) => {
        throw new Error(`${line}\n${error.stdout}${error.stderr}`);
      },
    );
    expect(stdout, line).not.toContain("message");
  }
});

test("the page shows the systems, and the ledger what they did", async () => {
  const { status, text } = await ask("/");
  expect(status).toBe(200);
  for (const system of ["flights", "machines"]) expect(text).toContain(`<select name="${system}">`);
  expect(await ledgerUntil('"flights"')).toContain('"action":"reserve"');
});

test("a system can be made to fail, to stall, and to work again", async () => {
  const behave = (behaviour: string) => ask("/behaviours/workshop", { method: "PUT", body: behaviour });
  const send = { method: "POST", headers: { "content-type": "application/json" } };
  const submit = (id: string) =>
    fetch(`http://127.0.0.1:${ports.apps}/tasks`, { ...send, body: JSON.stringify({ id, task: "sand" }) });
  const result = async (id: string) =>
    (await fetch(`http://127.0.0.1:${ports.apps}/tasks/${id}`, { signal: AbortSignal.timeout(20_000) })).json();
  for (const behaviour of ["fails", "stalls", "loses answers"]) {
    expect(await behave(behaviour)).toEqual({ status: 200, text: `workshop ${behaviour}\n` });
    expect((await submit(behaviour)).status).toBe(202);
    expect((await ask("/")).text).toContain(`value="${behaviour}" selected`);
    expect(await behave("works")).toMatchObject({ status: 200 });
    expect(await result(behaviour)).toEqual({ id: behaviour, result: "sand: DONE" });
  }
});

test("what is no system, or nothing that one does, is refused by name", async () => {
  expect(await ask("/behaviours/moon", { method: "PUT", body: "works" })).toMatchObject({ status: 404 });
  const odd = await ask("/behaviours/workshop", { method: "PUT", body: "sulks" });
  expect(odd).toEqual({ status: 400, text: 'a system works, fails, stalls, loses answers; not "sulks"\n' });
});

test("a pattern that does not exist is named, and so is a port that is taken; nothing is left running", async () => {
  await expect(Play.start(["moon"], [])).rejects.toThrow('there is no pattern "moon"; there are ');
  await expect(Play.start(["durable-rpc"], [], ports)).rejects.toMatchObject({
    code: "EADDRINUSE",
    port: ports.external,
  });
});
