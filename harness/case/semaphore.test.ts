import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Semaphore } from "./semaphore.ts";

/** Actions that end when the test says so, and who is inside. */
class Room {
  readonly inside: string[] = [];
  readonly #doors = new Map<string, PromiseWithResolvers<void>>();

  enter = (name: string) => async (): Promise<string> => {
    this.inside.push(name);
    const door = Promise.withResolvers<void>();
    this.#doors.set(name, door);
    try {
      await door.promise;
      return name;
    } finally {
      this.inside.splice(this.inside.indexOf(name), 1);
    }
  };
  async leave(name: string): Promise<void> {
    this.#doors.get(name)!.resolve();
    await turn();
  }
  async fail(name: string): Promise<void> {
    this.#doors.get(name)!.reject(new Error(name));
    await turn();
  }
}

test("as many as there are places share the stack, the next enters when one leaves", async () => {
  const room = new Room();
  const semaphore = new Semaphore(2);
  const all = ["a", "b", "c", "d"].map((name) => semaphore.shared(room.enter(name)));
  await turn();
  expect(room.inside).toEqual(["a", "b"]);
  await room.leave("b");
  expect(room.inside).toEqual(["a", "c"]);
  await room.leave("a");
  await room.leave("c");
  await room.leave("d");
  expect(await Promise.all(all)).toEqual(["a", "b", "c", "d"]);
});

test("one that wants the stack alone waits for all before it, and all after it wait for it", async () => {
  const room = new Room();
  const semaphore = new Semaphore(3);
  void semaphore.shared(room.enter("a"));
  void semaphore.shared(room.enter("b"));
  void semaphore.alone(room.enter("alone"));
  void semaphore.shared(room.enter("c"));
  await turn();
  expect(room.inside).toEqual(["a", "b"]);
  await room.leave("a");
  expect(room.inside).toEqual(["b"]);
  await room.leave("b");
  expect(room.inside).toEqual(["alone"]);
  await room.leave("alone");
  expect(room.inside).toEqual(["c"]);
});

test("one that fails leaves as well, and its error reaches the one who asked", async () => {
  const room = new Room();
  const semaphore = new Semaphore(1);
  const failing = semaphore.alone(room.enter("a"));
  const next = semaphore.shared(room.enter("b"));
  const outcome = expect(failing).rejects.toThrow("a");
  await turn();
  await room.fail("a");
  await outcome;
  expect(room.inside).toEqual(["b"]);
  await room.leave("b");
  await next;
});
