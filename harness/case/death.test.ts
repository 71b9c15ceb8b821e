import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { onDeclare, operation, type Property, property, scenario } from "../property/index.ts";
import { SystemUnderTest, startStack } from "../session/index.ts";
import { projectRoot } from "../stack/index.ts";
import { CaseRunner } from "./case-runner.ts";

mkdirSync(path.join(projectRoot, ".cache"), { recursive: true });
const folder = mkdtempSync(path.join(projectRoot, ".cache", "deaths-"));
const subject = path.join(folder, "subject.ts");
writeFileSync(
  subject,
  `import * as restate from "@restatedev/restate-sdk";
   const deadly = restate.service({
     name: "deadly",
     handlers: {
       exits: async () => process.exit(1),
       throwsLater: async (ctx) => { setTimeout(() => { throw new Error("too late"); }, 1); await ctx.sleep(50); },
       hangs: async () => { for (;;); },
       lives: async () => 1,
     },
   });
   export const catalog = { deadly: { services: [deadly] } };`,
);
const call = (handler: string) => operation({ args: fc.constant({}), request: () => ({ call: `deadly/${handler}` }) });
const kinds = { exits: call("exits"), throwsLater: call("throwsLater"), hangs: call("hangs"), lives: call("lives") };

let deadly: Property | undefined;
onDeclare((one) => {
  deadly = one;
});
property("deadly", {
  pattern: "deadly",
  operations: kinds,
  invariants: { any: () => ({ verdict: "valid" }) },
  scenarios: {},
});

let runner: CaseRunner;
beforeAll(async () => {
  runner = new CaseRunner(await startStack("simulated"), await SystemUnderTest.load(subject));
});
afterAll(async () => {
  await runner.close();
  rmSync(folder, { recursive: true });
});

async function verdictOn(kind: keyof typeof kinds) {
  if (!deadly) throw new Error("not declared");
  await runner.serve(deadly, []);
  const judged = await runner.judge(scenario({ o1: kinds[kind]({}) }).plan, deadly);
  return judged?.verdicts["services stay up"];
}

test.each([
  ["exits", "exit"],
  ["throwsLater", "too late"],
  ["hangs", "deadly/hangs"],
] as const)("a service process that %s is a verdict on the services, with what happened", async (kind, what) => {
  expect(await verdictOn(kind)).toMatchObject({
    verdict: "invalid",
    evidence: { summary: expect.stringMatching(new RegExp(`The service process ended: .*${what}`)) },
  });
});

test("one that lives is none, also after another has died", async () => {
  expect(await verdictOn("lives")).toEqual({ verdict: "valid" });
});
