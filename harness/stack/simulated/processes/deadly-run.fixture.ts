/** As a script, `node deadly-run.fixture.ts BUNDLE HOW` calls the handler of deadly.fixture.ts; BUNDLE is the JSON of a bundle of it. */
import { call, Shelf } from "../busy.fixture.ts";
import { SimulatedStack } from "../index.ts";

const [bundle = "", how] = process.argv.slice(2);
const stack = await SimulatedStack.start({ seed: 1 });
await stack.load(JSON.parse(bundle));
stack.guard(new Shelf());
await stack.run(() => call(stack, "/deadly/die", how));
