import { expect, test } from "vitest";
import { z } from "zod";
import { bearer, externalSystem, inBody, inHeader, inPath, json, text, World } from "./index.ts";
import { play, types } from "./testing.ts";

const Guest = z.strictObject({ guest: z.string().min(1), nights: z.int().positive().optional() });

/** As a property would declare one beside itself. */
const hotel = externalSystem("hotel", () => new Map<string, string>())
  .authenticatedBy(bearer)
  .route(
    "PUT /rooms/:room/guest",
    { action: "check-in", body: json(Guest), key: inHeader("idempotency-key") },
    ({ params: { room }, body: { guest }, state, changed, refused }) => {
      if (state.has(room)) return refused(409, `${room} is taken`, { key: room });
      state.set(room, guest);
      return changed({ key: room, reference: guest, data: { guest } }, { room, guest }, { status: 201 });
    },
  )
  .route("GET /rooms/:room", { action: "look" }, ({ params: { room }, state, answered }) =>
    answered({ guest: state.get(room) ?? null }),
  )
  .route(
    "POST /rooms/:room/notes/:note",
    { action: "note", body: text, key: inPath("note") },
    ({ key, params: { room }, body, changed }) => changed({ key: room, data: { note: body } }, { note: key }),
  );
const only = [hotel];

test("a declared system answers and keeps book", () => {
  const { ask, ledger } = play(only);
  const { status, body } = ask("PUT /hotel/rooms/1/guest", { json: { guest: "Ada" } });
  expect([status, body]).toEqual([201, { room: "1", guest: "Ada" }]);
  expect(ask("GET /hotel/rooms/1").body).toEqual({ guest: "Ada" });
  expect(ledger).toEqual([
    { type: "effect", system: "hotel", action: "check-in", key: "1", reference: "Ada", data: { guest: "Ada" } },
  ]);
});

test("each world has its own", () => {
  const [one, other] = [play(only), play(only)];
  one.ask("PUT /hotel/rooms/1/guest", { json: { guest: "Ada" } });
  expect(other.ask("GET /hotel/rooms/1").body).toEqual({ guest: null });
});

test("ids in a path are any texts", () => {
  const { ask, ledger } = play(only);
  ask("PUT /hotel/rooms/a%2Fb%25/guest", { json: { guest: "Ada" } });
  ask("PUT /hotel/rooms/~../guest", { json: { guest: "Ada" } });
  expect(ledger.map(({ key }) => key)).toEqual(["a/b%", ".."]);
  expect(ask("PUT /hotel/rooms//guest", { json: { guest: "Ada" } }).status).toBe(404);
});

test.each([
  ["PUT /hotel/rooms/1/guest", { json: {} }, 400, "guest"],
  ["PUT /hotel/rooms/1/guest", { json: { guest: "Ada", nights: 0 } }, 400, "nights"],
  ["PUT /hotel/rooms/1/guest", { json: { guest: "Ada", cat: 1 } }, 400, "cat"],
  ["PUT /hotel/rooms/1/guest", { body: "{", headers: { "content-type": "application/json" } }, 400, "JSON"],
  ["PUT /hotel/rooms/1/guest", { body: "guest=Ada" }, 415, "application/json"],
  ["DELETE /hotel/rooms/1/guest", {}, 405, "takes PUT"],
  ["GET /hotel/suites/1", {}, 404, "/suites/1"],
  ["GET /hotel/rooms/1", { headers: { authorization: "Bearer other" } }, 401, "bearer"],
])("%s with %j is refused with %i, and the mistake is named", (target, wish, status, word) => {
  const { ask, ledger } = play(only);
  const refused = ask(target, { key: "k1", ...wish });
  expect(refused.status).toBe(status);
  expect(refused.text).toContain(word);
  expect(types(ledger)).toEqual(["refusal"]);
});

test("the same key is answered alike, for ever, and changes nothing", () => {
  const { ask } = play(only);
  const wish = { json: { guest: "Ada", nights: 2 }, key: "k1" };
  const first = ask("PUT /hotel/rooms/1/guest", wish);
  const again = ask("PUT /hotel/rooms/1/guest", { json: { nights: 2, guest: "Ada" }, key: "k1", now: 1e12 });
  expect([again.status, again.body]).toEqual([first.status, first.body]);
  expect(again.entries).toEqual([{ ...first.entries[0], type: "repeat" }]);
});

test("so is a refusal", () => {
  const { ask } = play(only);
  ask("PUT /hotel/rooms/1/guest", { json: { guest: "Ada" }, key: "k1" });
  const late = () => ask("PUT /hotel/rooms/1/guest", { json: { guest: "Bob" }, key: "k2" });
  expect(types([...late().entries, ...late().entries])).toEqual(["refusal", "repeat"]);
});

test.each([
  ["PUT /hotel/rooms/1/guest", { json: { guest: "Bob" } }],
  ["PUT /hotel/rooms/2/guest", { json: { guest: "Ada" } }],
])("a key that comes back for another request is refused: %s with %j", (target, wish) => {
  const { ask } = play(only);
  ask("PUT /hotel/rooms/1/guest", { json: { guest: "Ada" }, key: "k1" });
  const other = ask(target, { ...wish, key: "k1" });
  expect([other.status, types(other.entries)]).toEqual([422, ["refusal"]]);
});

test("a text is compared as it is, and keys of different places are different keys", () => {
  const { ask, ledger } = play(only);
  const note = (body: string) => ask("POST /hotel/rooms/1/notes/k1", { body }).status;
  expect([note("[1]"), note("[1]"), note("[ 1]")]).toEqual([200, 200, 422]);
  ask("PUT /hotel/rooms/1/guest", { json: { guest: "Ada" }, key: "k1" });
  expect(types(ledger)).toEqual(["effect", "repeat", "refusal", "effect"]);
});

test("a key in a body that cannot be read is none", () => {
  const { read } = inBody("key");
  const request = { method: "", path: "", query: {}, headers: {}, params: {} };
  expect(
    ['{"key":"k"}', '{"key":""}', '{"key":1}', "{", "null", "{}"].map((body) => read({ ...request, body })),
  ).toEqual(["k", undefined, undefined, undefined, undefined, undefined]);
});

test("a request to a system that was not declared is refused, and the system is named", () => {
  const { ask, ledger } = play(only);
  const { status, text } = ask("POST /motel/rooms", { json: {} });
  expect(status).toBe(404);
  expect(text).toContain('no external system \\"motel\\" in this world; there are: hotel');
  expect(ledger).toEqual([]);
});

test("two systems cannot have one name", () => {
  expect(() => new World([hotel, hotel])).toThrow('two external systems are called "hotel"');
});
