import { TerminalError } from "@restatedev/restate-sdk";
import { afterEach, expect, test, vi } from "vitest";
import { databaseTimeout, databaseUrl } from "../shared/configuration.ts";
import { CreditUpdate, NewUser, UserId, userIdOf } from "./users.ts";

afterEach(() => vi.unstubAllEnvs());

test.each(["A", "a", " ", "a/b", "%41", "__proto__", "ü", "😀", "'; drop table users"])(
  "%j is a user's id as it is",
  (id) => {
    expect(UserId.parse(id)).toBe(id);
    expect(userIdOf(id)).toBe(id);
  },
);

test.each(["", "a\0", "\ud83d", "\ude00b"])("%j is none, since PostgreSQL cannot store it", (id) => {
  expect(UserId.safeParse(id).error?.message).toContain("userId must");
  expect(() => userIdOf(id)).toThrow(TerminalError);
});

test.each([0, -1, 0.5, 1e12 + 1, Number.NaN, "5", null])("%j credits cannot be added", (addCredits) => {
  expect(CreditUpdate.safeParse({ userId: "A", addCredits }).error?.message).toContain("addCredits must");
});

test("a new user may have no credits", () => {
  const user = { userId: "A", name: "", address: "", credits: 0 };
  expect(NewUser.parse(user)).toEqual(user);
});

test("settings that make no sense are refused by name", () => {
  vi.stubEnv("DATABASE_URL", "http://127.0.0.1:5432/postgres");
  expect(() => databaseUrl()).toThrow(
    'DATABASE_URL must be a postgresql address, and is "http://127.0.0.1:5432/postgres"',
  );
  vi.stubEnv("DATABASE_TIMEOUT", "soon");
  expect(() => databaseTimeout()).toThrow('DATABASE_TIMEOUT must be a whole number, and is "soon"');
});
