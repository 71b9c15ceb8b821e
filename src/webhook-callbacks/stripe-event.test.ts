import { expect, test } from "vitest";
import { InvoiceEvent, read, StripeEvent } from "./stripe-event.ts";

const object = { id: "in_1", customer_email: "ann@one.example" };
const event = { id: "evt_1", type: "invoice.payment_failed", data: { object } };

test("of an event is read what the tracker needs", () => {
  expect(read(InvoiceEvent, { ...event, livemode: false })).toEqual(event);
});

test.each([
  ["data.object.id", { ...event, data: { object: { ...object, id: "" } } }],
  ["data.object.customer_email", { ...event, data: { object: { ...object, customer_email: 7 } } }],
  ["data", { ...event, data: null }],
  ["id", { ...event, id: "" }],
  ["type", { ...event, type: "invoice.paid" }],
])("an event is refused by the name of what is wrong: %s", (field, content) => {
  expect(() => read(InvoiceEvent, content)).toThrow(new RegExp(`at ${field}$`));
});

test("what is no event at all is refused", () => {
  expect(() => read(StripeEvent, "an event")).toThrow("expected object");
});
