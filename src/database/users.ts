import { TerminalError } from "@restatedev/restate-sdk";
import type { PoolClient } from "pg";
import { z } from "zod";

const storable = (field: string) => `${field} must be text that PostgreSQL can store: no NUL, no half of a character`;
const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\0");

const text = (field: string) => z.string(`${field} must be text`).refine(isStorable, storable(field));
const whole = (field: string) =>
  z.int(`${field} must be a whole number of credits`).max(1e12, `${field} must be at most 1000000000000`);

/** Any text that is not empty and that PostgreSQL can store. */
export const UserId = text("userId").min(1, "userId must not be empty");
/** Credits to add. Bounded, so that no sum of them comes near the end of the exact integers. */
export const Credits = (field: string) => whole(field).positive(`${field} must be positive`);

export const NewUser = z.object({
  userId: UserId,
  name: text("name"),
  address: text("address"),
  credits: whole("credits").nonnegative("credits must not be negative"),
});
export const Renaming = z.object({ userId: UserId, newName: text("newName") });
export const CreditUpdate = z.object({ userId: UserId, addCredits: Credits("addCredits") });
export type CreditUpdate = z.infer<typeof CreditUpdate>;

export interface User extends z.infer<typeof NewUser> {
  /** grows with every change of the row */
  version: number;
}

/** The key of an object as a user's id. Throws a `TerminalError` (400) when it can be none. */
export function userIdOf(key: string): string {
  const { success, data, error } = UserId.safeParse(key);
  if (!success) throw new TerminalError(`the key: ${z.prettifyError(error)}`, { errorCode: 400 });
  return data;
}

/** For a user that does not exist: there is nothing to be changed, and asking again is of no use. */
export function unknownUser(userId: string): TerminalError {
  return new TerminalError(`userId: there is no user ${JSON.stringify(userId)}`, { errorCode: 404 });
}

/** The row of a user. Throws a `TerminalError` (404) when there is none. */
export async function readUser(client: PoolClient, userId: string): Promise<User> {
  // PostgreSQL's bigint comes as text, since it may be larger than the exact numbers; credits are not
  const { rows } = await client.query<{ name: string; address: string; credits: string; version: string }>(
    "select name, address, credits, version from users where userid = $1",
    [userId],
  );
  const [row] = rows;
  if (!row) throw unknownUser(userId);
  return { userId, name: row.name, address: row.address, credits: Number(row.credits), version: Number(row.version) };
}

/** Adds credits to a user. Throws a `TerminalError` (404) when there is none. */
export async function addCredits(client: PoolClient, userId: string, credits: number): Promise<void> {
  const { rowCount } = await client.query(
    "update users set credits = credits + $2, version = version + 1 where userid = $1",
    [userId, credits],
  );
  if (rowCount === 0) throw unknownUser(userId);
}
