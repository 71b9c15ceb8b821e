import { expect, test } from "vitest";
import { Framer, readBind, readExecute, readParse, readQuery, readStartup, readTag } from "./messages.ts";

const text = (value: string): Buffer => Buffer.from(`${value}\0`);
const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const message = (type: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
};
const startup = message("", int32(196608), text("user"), text("u"), text("application_name"), text("app"), text(""));
const bind = message(
  "B",
  ...[text("portal"), text("s1"), int16(3), int16(0), int16(0), int16(1), int16(3)],
  ...[int32(2), Buffer.from("hi"), int32(-1), int32(2), Buffer.from([1, 255])],
);

const client = Buffer.concat([
  message("", int32(80877103)),
  startup,
  message("Q", text("commit")),
  message("P", text("s1"), text("select $1"), int16(0)),
  bind,
  message("E", text("portal"), int32(0)),
  message("S"),
  message("X"),
]);
const names = ["EncryptionRequest", "StartupMessage", "Query", "Parse", "Bind", "Execute", "Sync", "Terminate"];

test("what a client says is taken apart, however it arrives", () => {
  for (let size = 1; size <= client.length; size++) {
    const framer = new Framer("client");
    const messages = [];
    for (let at = 0; at < client.length; at += size) messages.push(...framer.push(client.subarray(at, at + size)));
    expect(messages.map(({ name }) => name)).toEqual(names);
    expect(Buffer.concat(messages.map(({ bytes }) => bytes))).toEqual(client);
  }
});

test("what a server says has other names for the same letters", () => {
  const framer = new Framer("server");
  const said = framer.push(Buffer.concat([message("S", text("a"), text("b")), message("C", text("UPDATE 1"))]));
  expect(said.map(({ name }) => name)).toEqual(["ParameterStatus", "CommandComplete"]);
  expect(said[1] && readTag(said[1].body)).toBe("UPDATE 1");
});

test("the fields of messages are read", () => {
  const [, start, query, parse, bound, execute] = new Framer("client").push(client).map(({ body }) => body);
  if (!start || !query || !parse || !bound || !execute) throw new Error("a message is missing");
  expect(readStartup(start)).toEqual({ user: "u", application_name: "app" });
  expect(readQuery(query)).toBe("commit");
  expect(readParse(parse)).toEqual({ name: "s1", statement: "select $1" });
  expect(readBind(bound)).toEqual({ portal: "portal", name: "s1", values: ["hi", null, "\\x01ff"] });
  expect(readExecute(execute)).toBe("portal");
});

test("a request to cancel has no session, and no type", () => {
  expect(new Framer("client").push(message("", int32(80877102), int32(1), int32(2)))[0]?.name).toBe("CancelRequest");
});
