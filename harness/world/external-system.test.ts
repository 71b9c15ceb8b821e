import { expect, test } from "vitest";
import { z } from "zod";
import { bearer, externalSystem, inBody, inHeader, inPath, json, systems, systemsWith, text, World } from "./index.ts";
import { startWorld, types } from "./testing.ts";

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
  const { send, ledger } = startWorld(only);
  const { status, body } = send("PUT /hotel/rooms/1/guest", { json: { guest: "Ada" } });
  expect([status, body]).toEqual([201, { room: "1", guest: "Ada" }]);
  expect(send("GET /hotel/rooms/1").body).toEqual({ guest: "Ada" });
  expect(ledger).toEqual([
    { type: "effect", system: "hotel", action: "check-in", key: "1", reference: "Ada", data: { guest: "Ada" } },
  ]);
});

test("each world has its own", () => {
  const [one, other] = [startWorld(only), startWorld(only)];
  one.send("PUT /hotel/rooms/1/guest", { json: { guest: "Ada" } });
  expect(other.send("GET /hotel/rooms/1").body).toEqual({ guest: null });
});

test("ids in a path are any texts", () => {
  const { send, ledger } = startWorld(only);
  send("PUT /hotel/rooms/a%2Fb%25/guest", { json: { guest: "Ada" } });
  send("PUT /hotel/rooms/~../guest", { json: { guest: "Ada" } });
  expect(ledger.map(({ key }) => key)).toEqual(["a/b%", ".."]);
  expect(send("PUT /hotel/rooms//guest", { json: { guest: "Ada" } }).status).toBe(404);
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
  const { send, ledger } = startWorld(only);
  const refused = send(target, { key: "k1", ...wish });
  expect(refused.status).toBe(status);
  expect(refused.text).toContain(word);
  expect(types(ledger)).toEqual(["refusal"]);
});

test("the same key is answered alike, for ever, and changes nothing", () => {
  const { send } = startWorld(only);
  const wish = { json: { guest: "Ada", nights: 2 }, key: "k1" };
  const first = send("PUT /hotel/rooms/1/guest", wish);
  const again = send("PUT /hotel/rooms/1/guest", { json: { nights: 2, guest: "Ada" }, key: "k1", now: 1e12 });
  expect([again.status, again.body]).toEqual([first.status, first.body]);
  expect(again.entries).toEqual([{ ...first.entries[0], type: "repeat" }]);
});

test("so is a refusal", () => {
  const { send } = startWorld(only);
  send("PUT /hotel/rooms/1/guest", { json: { guest: "Ada" }, key: "k1" });
  const late = () => send("PUT /hotel/rooms/1/guest", { json: { guest: "Bob" }, key: "k2" });
  expect(types([...late().entries, ...late().entries])).toEqual(["refusal", "repeat"]);
});

test.each([
  ["PUT /hotel/rooms/1/guest", { json: { guest: "Bob" } }],
  ["PUT /hotel/rooms/2/guest", { json: { guest: "Ada" } }],
])("a key that comes back for another request is refused: %s with %j", (target, wish) => {
  const { send } = startWorld(only);
  send("PUT /hotel/rooms/1/guest", { json: { guest: "Ada" }, key: "k1" });
  const other = send(target, { ...wish, key: "k1" });
  expect([other.status, types(other.entries)]).toEqual([422, ["refusal"]]);
});

test("a text is compared as it is, and keys of different places are different keys", () => {
  const { send, ledger } = startWorld(only);
  const note = (body: string) => send("POST /hotel/rooms/1/notes/k1", { body }).status;
  expect([note("[1]"), note("[1]"), note("[ 1]")]).toEqual([200, 200, 422]);
  send("PUT /hotel/rooms/1/guest", { json: { guest: "Ada" }, key: "k1" });
  expect(types(ledger)).toEqual(["effect", "repeat", "refusal", "effect"]);
});

test("what asks for another attempt is not remembered, and says when", () => {
  const busy = externalSystem("busy", () => ({ left: 1 })).route(
    "POST /work",
    { action: "work", key: inHeader("idempotency-key") },
    ({ key, state, changed, refused }) =>
      state.left-- > 0 ? refused(429, "too much", { key }, { "retry-after": "1" }) : changed({ key }, "done"),
  );
  const { send } = startWorld([busy]);
  const [first, second, third] = [1, 2, 3].map(() => send("POST /busy/work", { key: "k1" }));
  expect([first?.status, first?.headers]).toEqual([429, { "retry-after": "1" }]);
  expect([second?.status, third?.status]).toEqual([200, 200]);
  expect(types([...(second?.entries ?? []), ...(third?.entries ?? [])])).toEqual(["effect", "repeat"]);
});

test("a key in a body that cannot be read is none", () => {
  const { read } = inBody("key");
  const request = { method: "", path: "", query: {}, headers: {}, params: {} };
  expect(
    ['{"key":"k"}', '{"key":""}', '{"key":1}', "{", "null", "{}"].map((body) => read({ ...request, body })),
  ).toEqual(["k", undefined, undefined, undefined, undefined, undefined]);
});

test("a request to a system that was not declared is refused, and the system is named", () => {
  const { send, ledger } = startWorld(only);
  const { status, text } = send("POST /motel/rooms", { json: {} });
  expect(status).toBe(404);
  expect(text).toContain('no external system \\"motel\\" in this world; there are: hotel');
  expect(ledger).toEqual([]);
});

test("a property's systems are played beside the others, or in the place of one of the same name", () => {
  const mail = externalSystem("mail", () => undefined);
  const names = systemsWith([hotel, mail]).map(({ name }) => name);
  expect(names.toSorted()).toEqual([...systems.map(({ name }) => name), "hotel"].toSorted());
  expect(systemsWith([hotel, mail])).toContain(mail);
});

test("two systems cannot have one name", () => {
  expect(() => new World([hotel, hotel])).toThrow('two external systems are called "hotel"');
});
