import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";
import { openingBalance } from "../shared/configuration.ts";

const MESSAGE = "amount must be a positive whole number of cents, at most 1000000000000";
/** Bounded, so that no sum of amounts comes near the end of the exact integers. */
export const Amount = z.int(MESSAGE).positive(MESSAGE).max(1e12, MESSAGE);

/** The code of the terminal error that refuses a withdrawal. */
export const INSUFFICIENT_FUNDS = 402;

/** An account: its balance, in cents, is never below zero. */
export const accounts = restate.object({
  name: "accounts",
  handlers: {
    deposit: restate.handlers.object.exclusive(
      { input: restate.serde.schema(Amount) },
      async (ctx: restate.ObjectContext<AccountState>, amount: number): Promise<void> => {
        ctx.set("balance", (await balanceOf(ctx)) + amount);
      },
    ),

    withdraw: restate.handlers.object.exclusive(
      { input: restate.serde.schema(Amount) },
      async (ctx: restate.ObjectContext<AccountState>, amount: number): Promise<void> => {
        const balance = await balanceOf(ctx);
        if (balance < amount) {
          throw new restate.TerminalError("insufficient funds", { errorCode: INSUFFICIENT_FUNDS });
        }
        ctx.set("balance", balance - amount);
      },
    ),

    balance: restate.handlers.object.shared(
      (ctx: restate.ObjectSharedContext<AccountState>): Promise<number> => balanceOf(ctx),
    ),
  },
});

type AccountState = { balance: number };

async function balanceOf(ctx: restate.ObjectSharedContext<AccountState>): Promise<number> {
  return (await ctx.get("balance")) ?? openingBalance();
}
