/** Calls of the services in parallel.fixture.ts. As a script, `node parallel-runs.fixture.ts BUNDLE SEED` prints the hash of a run. */
import { OPERATION_HEADER } from "../headers.ts";
import { call, Shelf, told } from "./busy.fixture.ts";
import { SimulatedStack } from "./index.ts";

/** Calls every handler, all at the same time. Answers the order of the steps, the winner of the race and the first of any. */
export async function callAll(stack: SimulatedStack): Promise<unknown[]> {
  const answers = ["all", "race", "any"].map((handler) =>
    call(stack, `/parallel/${handler}`, undefined, { [OPERATION_HEADER]: `t/${handler}` }),
  );
  return (await Promise.all(answers)).map(told);
}

if (import.meta.main) {
  const [bundle = "", seed] = process.argv.slice(2);
  const stack = await SimulatedStack.start({ seed: Number(seed) });
  await stack.load(JSON.parse(bundle));
  stack.guard(new Shelf());
  await stack.run(() => callAll(stack));
  console.log(stack.traceHash());
}
