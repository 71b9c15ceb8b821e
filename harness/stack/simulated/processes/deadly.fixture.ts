/** Services that end their process, or keep it from ever coming to rest, for the tests of how that is told. */
import * as restate from "@restatedev/restate-sdk";

const hold: unknown[] = [];
const forEver = (): never => {
  // hangs from here
  for (;;) {
    try {
      hold.length = 0;
    } catch {
      // what interrupts it cannot be caught
    }
  }
  // hangs to here
};
const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

const ways: Record<string, () => unknown> = {
  loop: () => forEver(),
  timer: () => {
    setTimeout(forEver, 1);
    return soon();
  },
  microtask: () => {
    queueMicrotask(forEver);
    return soon();
  },
  memory: () => {
    for (;;) hold.push({ count: hold.length, more: [hold.length] }); // fills the memory here
  },
  /** a loop that V8 cannot interrupt, since it calls nothing but native functions */
  natively: () => {
    for (;;) hold.push(new Array(1000).fill(hold.length));
  },
  immediates: async () => {
    for (;;) await new Promise((resolve) => setImmediate(resolve)); // one immediate after the other
  },
  exit: () => process.exit(7), // exits here
  abort: () => process.abort(), // aborts here
  signal: () => process.kill(process.pid), // kills itself here
  throwing: () => {
    setTimeout(() => {
      throw new Error("thrown by a timer"); // throws here
    }, 1);
    return soon();
  },
  rejecting: () => {
    void Promise.reject(new Error("rejected on purpose")); // rejects here
    return soon();
  },
  nothing: () => "alive",
};

const deadly = restate.service({
  name: "deadly",
  handlers: { die: async (ctx: restate.Context, how: string) => ctx.run("die", () => ways[how]?.()) },
});

export const catalog = { deadly: { services: [deadly] } };
