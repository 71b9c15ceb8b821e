import { expect, test, vi } from "vitest";
import { free } from "./process.ts";

test("a state machine is freed once, and one that cannot be freed harms nobody", () => {
  const machine = { free: vi.fn(() => {}) };
  const stuck = {
    free: vi.fn(() => {
      throw new Error("attempted to take ownership of Rust value while it was borrowed");
    }),
  };
  for (const vm of [machine, stuck]) {
    const strand = { vm };
    free(strand);
    free(strand);
    expect(vm.free).toHaveBeenCalledOnce();
  }
});
