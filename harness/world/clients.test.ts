import { expect, test } from "vitest";
import { alerts } from "../../src/external/alerts.ts";
import { batchReceiver } from "../../src/external/batch-receiver.ts";
import { calculator } from "../../src/external/calculator.ts";
import { cars } from "../../src/external/cars.ts";
import { feed } from "../../src/external/feed.ts";
import { flights } from "../../src/external/flights.ts";
import { machines } from "../../src/external/machines.ts";
import { mail } from "../../src/external/mail.ts";
import { moderation } from "../../src/external/moderation.ts";
import { objectStorage } from "../../src/external/object-storage.ts";
import { paymentProvider } from "../../src/external/payment-provider.ts";
import { workshop } from "../../src/external/workshop.ts";
import { DECLINED_CARD, NO_QUOTA, PONDERED_POST, REJECTED_POST, UNKNOWN_ADDRESS } from "./index.ts";
import { types, worldOverFetch } from "./testing.ts";

const STRANGE_IDS = ["a/b", "..", ".", "%2F", "A", "a", " a ", "é", "😀", "\ud800", "__proto__", "~.", "a?b#c"];
const seat = { flightId: "LH1", passengerName: "Ada" };
const card = { cardNumber: "4242424242424242", amount: 500 };
const message = { to: "ada@example.org", subject: "Hello", text: "Unpaid." };
const tag = (key: string) => ({ key, reference: `of ${key}` });
const status = (promise: Promise<unknown>) =>
  promise.then(
    () => 200,
    (error: { status?: number }) => error.status,
  );

/** What each client does with one id, in the place of every id and key that it takes, and the keys that the ledger shows. */
const each: Record<string, { use(id: string): Promise<unknown>; keys(id: string): string[] }> = {
  flights: {
    async use(id) {
      const { id: flight } = await flights.reserve(seat, tag(id));
      await flights.confirm(flight, tag(id));
      await flights.cancel(flight, tag(`${id}c`));
    },
    keys: (id) => [`flight:${id}`, `flight:${id}`, `flight:${id}`],
  },
  cars: {
    async use(id) {
      const { id: car } = await cars.reserve({ pickupLocation: "FRA", rentalDate: "1 May" }, tag(id));
      await cars.confirm(car, tag(`${id}b`));
      await cars.cancel(car, tag(`${id}c`));
    },
    keys: (id) => [`car:${id}`, `car:${id}`, `car:${id}`],
  },
  "payment-provider": {
    async use(id) {
      await paymentProvider.charge(card, tag(id));
      await paymentProvider.refund(id, tag(`${id}r`));
    },
    keys: (id) => [id, id],
  },
  machines: {
    async use(id) {
      await machines.begin({ machine: id, transition: 1, to: "UP" }, tag(id));
      await machines.done({ machine: id, transition: 1, to: "UP" }, tag(`${id}d`));
    },
    keys: (id) => [id, id],
  },
  calculator: { use: (id) => calculator.add({ left: 1, right: 2 }, tag(id)), keys: (id) => [id] },
  workshop: { use: (id) => workshop.perform("sand", tag(id)), keys: (id) => [id] },
  mail: { use: (id) => mail.send(message, tag(id)), keys: (id) => [id] },
  alerts: { use: (id) => alerts.raise("unpaid", { key: id, reference: id }), keys: (id) => [id] },
  feed: { use: (id) => feed.publish({ user: id, post: id, number: 1 }, tag(id)), keys: (id) => [id] },
  moderation: {
    use: async (id) => moderation.poll((await moderation.submit({ author: id, content: "hello" }, tag(id))).id),
    keys: (id) => [`post:${id}`],
  },
  "batch-receiver": { use: (id) => batchReceiver.receive(id, [1], tag(id)), keys: (id) => [id] },
  "object-storage": {
    async use(id) {
      await objectStorage.createBucket(id, tag(id));
      await objectStorage.putObject(id, id, "text", tag(`${id}o`));
      await fetch(await objectStorage.address(id, id, 1000)).then((answer) => answer.text());
    },
    keys: (id) => [id, id],
  },
};

test.each(Object.entries(each))(
  "%s: the client and the system understand each other, whatever the id",
  async (_, one) => {
    const { ledger } = worldOverFetch();
    for (const id of STRANGE_IDS) await one.use(id);
    expect(new Set(types(ledger))).toEqual(new Set(["effect"]));
    expect(ledger.map(({ key }) => key)).toEqual(STRANGE_IDS.flatMap(one.keys));
  },
);

test.each(Object.entries(each))("%s: the same key changes nothing twice", async (_, one) => {
  const { ledger } = worldOverFetch();
  await one.use("k1");
  const before = ledger.length;
  await one.use("k1");
  expect(new Set(types(ledger.slice(before)))).toEqual(new Set(["repeat"]));
});

test("whatever a call belongs to stands in the ledger as it was given", async () => {
  const { ledger } = worldOverFetch();
  for (const reference of STRANGE_IDS) {
    await flights.cancel(`flight:${reference}`, { key: reference, reference });
    await cars.cancel(`car:${reference}`, { key: reference, reference });
    await paymentProvider.refund(reference, { key: reference, reference });
  }
  expect(ledger.map(({ reference }) => reference)).toEqual(STRANGE_IDS.flatMap((id) => [id, id, id]));
});

test("a declined card is a refusal", async () => {
  worldOverFetch();
  expect(await status(paymentProvider.charge({ ...card, cardNumber: DECLINED_CARD }, tag("p1")))).toBe(402);
});

test("a mail that is sent without a key is sent each time", async () => {
  const { ledger } = worldOverFetch();
  await mail.sendUnkeyed(message, { reference: "r" });
  await mail.sendUnkeyed(message, { reference: "r" });
  expect(types(ledger)).toEqual(["effect", "effect"]);
  expect(ledger[0]).toMatchObject({ action: "send", reference: "r", data: message });
  expect(await status(mail.send({ ...message, to: UNKNOWN_ADDRESS }, tag("k")))).toBe(422);
});

test("objects are read by their addresses, signed and plain", async () => {
  const { ledger } = worldOverFetch();
  await objectStorage.createBucket("b", tag("b"));
  await objectStorage.putObject("b", "o", "the text", { key: "p" });
  const [plain, signed] = [await objectStorage.address("b", "o"), await objectStorage.address("b", "o", 1)];
  expect(await Promise.all([plain, signed].map((url) => fetch(url).then((answer) => answer.text())))).toEqual([
    "the text",
    "the text",
  ]);
  const readers = [signed.replace("expires=1", "expires=2"), signed.replace(/&.*/, ""), plain.replace("/o", "/x")];
  expect(await Promise.all(readers.map((url) => fetch(url).then((answer) => answer.status)))).toEqual([403, 403, 404]);
  expect(ledger[1]).toMatchObject({
    action: "put-object",
    reference: "of b",
    data: { object: "o", content: "the text" },
  });
  expect(await status(objectStorage.createBucket("b", tag("other")))).toBe(409);
  expect(await status(objectStorage.createBucket("c", { key: "c", reference: `ada-${NO_QUOTA}` }))).toBe(403);
  expect(await status(objectStorage.putObject("none", "o", "", { key: "q" }))).toBe(404);
});

test("posts get their verdict, some of them later", async () => {
  worldOverFetch();
  const verdictsOf = async (content: string) => {
    const { id } = await moderation.submit({ author: "ada", content }, { key: content });
    return [(await moderation.poll(id)).status, (await moderation.poll(id)).status];
  };
  expect(await verdictsOf("hello")).toEqual(["approved", "approved"]);
  expect(await verdictsOf(`${REJECTED_POST} ${PONDERED_POST}`)).toEqual(["pending", "rejected"]);
  expect(await status(moderation.poll("post:none"))).toBe(404);
});

test("a feed refuses a number that is lower than one that it has heard", async () => {
  worldOverFetch();
  await feed.publish({ user: "ada", post: "p2", number: 2 }, { key: "k2" });
  expect(await status(feed.publish({ user: "ada", post: "p1", number: 1 }, { key: "k1" }))).toBe(409);
  expect(await status(feed.publish({ user: "bob", post: "p1", number: 1 }, { key: "k3" }))).toBe(200);
});
