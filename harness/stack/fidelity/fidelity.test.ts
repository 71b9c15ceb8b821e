import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeBundle } from "../bundle.ts";
import { NativeStack } from "../native/index.ts";
import { SimulatedStack } from "../simulated/index.ts";
import { difference, type Performance, perform, type Scene, simulate } from "./compare.ts";
import { doomed } from "./endings.ts";
import { type Place, placeName, Recorder, type Strike } from "./recorder.ts";
import { robustScripts, type Script, scripts } from "./scripts.ts";

/**
 * The model against the real server: the same scripts on both. What the real server did, answers, state, effects and
 * messages, must be something that the model does.
 */

const kitchens = ["", "Suspending", "Lazy"];
let native: NativeStack;
let simulated: SimulatedStack;
const recorder = new Recorder();
let guests = 0;

beforeAll(async () => {
  const module = fileURLToPath(new URL("kitchen.ts", import.meta.url));
  const load = { patterns: ["kitchen"], environment: {}, external: { SHELF_URL: "/shelf" } };
  const bundle = await makeBundle({ module }, load);
  [native, simulated] = await Promise.all([NativeStack.start(), SimulatedStack.start({ seed: 0 })]);
  await Promise.all([native.load(bundle), simulated.load(bundle)]);
  native.guard(recorder);
}, 60_000);
afterAll(() => native?.close());

const real = (scene: Scene): Promise<Performance> => perform(native, recorder, `guest${++guests}-`, scene);

describe("every feature", () => {
  for (const [name, script] of Object.entries(scripts)) {
    test(name, async () => {
      const scenes = kitchens.map((kitchen) => ({ script, kitchen }));
      const performances = await Promise.all(scenes.map(real));
      for (const [index, scene] of scenes.entries())
        expect(await difference(simulated, scene, performances[index]!), `kitchen "${scene.kitchen}"`).toBeUndefined();
    });
  }
});

/** What is struck, in which script, by which target's first attempt. */
const subjects: [script: string, target: string][] = [
  ["effects between state and sleep", "cupboard/effects"],
  ["call, send, delayed send", "cook/callAndSend"],
  ["call, send, delayed send", "cupboard/add"],
  ["a parent waits for a child that is cancelled", "cook/waitForChild"],
  ["a parent waits for a child that is cancelled", "cupboard/waitOrUndo"],
  ["an awakeable", "cupboard/wait"],
  ["a workflow and its promise", "recipe/run"],
  ["a workflow and its promise", "recipe/approve"],
  ["parallel steps", "cook/parallelRuns"],
  ["an error that a parent catches", "cook/catchFail"],
  ["killed, and called again", "cupboard/waitOrUndo"],
];

/** Every place of the first attempt of a target, or of a later one, as the model has them; none if there is none. */
async function placesOf(script: Script, kitchen: string, target: string, attempt = 1): Promise<Place[]> {
  const name = target.replace("/", `${kitchen}/`);
  const { recorded } = await simulate(simulated, { script, kitchen }, 0);
  const first = recorded.find((one) => one.target === name && one.number === attempt);
  if (!first) return [];
  const count = { "to-endpoint": first.down.length, "to-server": first.up.length };
  return (["to-endpoint", "to-server"] as const).flatMap((direction) =>
    Array.from({ length: count[direction] }, (_, i) => i + 1).flatMap((index) =>
      (["before", "after"] as const).map((when) => ({ target: name, attempt, direction, index, when })),
    ),
  );
}

function sceneName({ place, strike }: Scene): string {
  const whose = strike && "whose" in strike ? ` of "${strike.whose}"` : "";
  return `${strike && "end" in strike ? `${strike.end}${whose} ` : ""}${placeName(place!)}`;
}

/** Compares scenes, several of them at the same time on the real server. Answers how many were struck. */
async function compareAll(scenes: Scene[], atOnce: number): Promise<number> {
  let struck = 0;
  for (let at = 0; at < scenes.length; at += atOnce) {
    const batch = scenes.slice(at, at + atOnce);
    const performances = await Promise.all(batch.map(real));
    for (const [index, scene] of batch.entries()) {
      const performance = performances[index]!;
      if (!performance.struck) continue;
      struck++;
      expect(await difference(simulated, scene, performance).catch(String), sceneName(scene)).toBeUndefined();
    }
  }
  return struck;
}

describe("a stream that breaks, at every place", () => {
  for (const [name, target] of subjects) {
    test(`${target} in "${name}"`, async () => {
      const script = robustScripts[name]!;
      const places = await placesOf(script, "", target);
      const scenes = places.map((place) => ({ script, kitchen: "", place, strike: { cut: "reset" } as const }));
      const struck = await compareAll(scenes, 8);
      // without a key, nobody knows before its input whose an attempt is; and the last notifications may come too late
      expect(struck).toBeGreaterThanOrEqual(places.length * 0.7);
    });
  }
});

describe.each(["cancel", "kill"] as const)("%s, at every place", (end) => {
  for (const [name, { script, targets, others = [], kitchens = [""] }] of Object.entries(doomed)) {
    for (const kitchen of kitchens) {
      for (const target of targets) {
        test(`${target} in "${name}"${kitchen && `, ${kitchen}`}`, async () => {
          const attempts = [1, ...(kitchen === "Suspending" ? [2] : [])];
          const places = (await Promise.all(attempts.map((n) => placesOf(script, kitchen, target, n)))).flat();
          const strikes: Strike[] = [{ end }, ...others.map((whose) => ({ end, whose }))];
          const scenes = strikes.flatMap((strike) => places.map((place) => ({ script, kitchen, place, strike })));
          expect(await compareAll(scenes, 8)).toBeGreaterThanOrEqual(scenes.length * 0.7);
        });
      }
    }
  }
});

const everyNth = (places: Place[], n: number): Place[] => places.filter((_, i) => i % n === 0);

describe.each([
  ["the connection breaks", { cut: "session" }, 3],
  ["the service process is killed", { inject: { kind: "kill-endpoint" } }, 3],
  ["the service process freezes, and thaws beside its successor", { inject: { kind: "zombie" } }, 4],
  ["Restate is killed, and starts again", { inject: { kind: "kill-server" } }, 9],
] satisfies [string, Strike, number][])("%s", (_, strike, n) => {
  for (const [name, target] of subjects.slice(0, 7)) {
    test(`${target} in "${name}"`, async () => {
      const script = robustScripts[name]!;
      const places = everyNth((await placesOf(script, "", target)).slice(2), n);
      const scenes = places.map((place) => ({ script, kitchen: "", place, strike }));
      expect(await compareAll(scenes, 1)).toBeGreaterThan(0);
    });
  }
});
