import { expect, test } from "vitest";
import { decode, encode, Framer, isCommand, isNotification, MessageType, messageName } from "./index.ts";

const utf8 = (text: string) => Buffer.from(text);
const framed = (bytes: Uint8Array) => {
  const [frame, ...more] = new Framer().push(bytes);
  expect(more).toEqual([]);
  return frame!;
};

test("types have the protocol's names", () => {
  expect(messageName(0x0411)).toBe("Run");
  expect(messageName(0x8011)).toBe("RunCompletion");
  expect(messageName(0x800e)).toBe("CallInvocationId");
  expect(messageName(0xfbff)).toBe("Signal");
  expect(messageName(0x0499)).toBe("0x0499");
});

test("commands and notifications are told apart from control messages", () => {
  const sorted = Object.entries(MessageType).map(([name, type]) => [name, isCommand(type), isNotification(type)]);
  expect(sorted.filter(([, command, notification]) => !command && !notification).map(([name]) => name)).toEqual([
    "Start",
    "Suspension",
    "Error",
    "End",
    "CommandAck",
    "ProposeRunCompletion",
  ]);
  expect(sorted.every(([, command, notification]) => !(command && notification))).toBe(true);
});

test("the bytes are those of the definition", () => {
  // Run: field 11 (varint) = 3, field 12 (bytes) = "a"
  expect([...encode(MessageType.Run, { result_completion_id: 3, name: "a" })]).toEqual([
    0x04, 0x11, 0, 0, 0, 0, 0, 5, 0x58, 3, 0x62, 1, 0x61,
  ]);
  // Suspension: repeated numbers are packed, as proto3 does
  expect([...encode(MessageType.Suspension, { waiting_completions: [1, 2] })].slice(8)).toEqual([0x0a, 2, 1, 2]);
  // a signal whose result is Void, an empty message: it must be present
  expect([...encode(MessageType.Signal, { signal_id: 1, void: {} })].slice(8)).toEqual([0x10, 1, 0x22, 0]);
});

test("decode: absent scalars have defaults, absent options are left out, lists are always there", () => {
  const frame = framed(encode(MessageType.Call, { service_name: "s", parameter: utf8("1") }));
  expect(decode(frame.type, frame.body)).toEqual({
    service_name: "s",
    handler_name: "",
    parameter: utf8("1"),
    headers: [],
    key: "",
    invocation_id_notification_idx: 0,
    result_completion_id: 0,
    name: "",
  });
});

test("an empty value is not an absent one", () => {
  const some = framed(encode(MessageType.ProposeRunCompletion, { value: new Uint8Array(0) }));
  const none = framed(encode(MessageType.ProposeRunCompletion, {}));
  expect(decode(MessageType.ProposeRunCompletion, some.body).value).toHaveLength(0);
  expect(decode(MessageType.ProposeRunCompletion, none.body)).not.toHaveProperty("value");
});

test("what is encoded comes back", () => {
  const start = {
    id: utf8("0123456789abcdef"),
    debug_id: "inv_1",
    known_entries: 2,
    state_map: [
      { key: utf8("a"), value: utf8("1") },
      { key: utf8("é"), value: new Uint8Array(0) },
    ],
    partial_state: true,
    key: "k",
    retry_count_since_last_stored_entry: 7,
    duration_since_last_stored_entry: 1_700_000_000_000,
    random_seed: Number.MAX_SAFE_INTEGER,
  };
  const frame = framed(encode(MessageType.Start, start));
  const back = decode(MessageType.Start, frame.body);
  expect({ ...back, state_map: back.state_map.map((e) => [String(e.key), String(e.value)]) }).toEqual({
    ...start,
    state_map: [
      ["a", "1"],
      ["é", ""],
    ],
  });
  const failure = { code: 418, message: "no", metadata: [{ key: "why", value: "test" }] };
  const output = framed(encode(MessageType.Output, { failure }));
  expect(decode(MessageType.Output, output.body)).toEqual({ failure, name: "" });
});

test("an unknown type is named", () => {
  expect(() => decode(0x0499, new Uint8Array(0))).toThrow("0x0499");
  expect(() => encode(0x0006, {})).toThrow("0x0006");
});

test("any chunking gives the same frames", () => {
  const stream = Buffer.concat([
    encode(MessageType.Run, { name: "first" }),
    encode(MessageType.End, {}),
    encode(MessageType.Output, { value: { content: Buffer.alloc(300, 7) } }),
  ]);
  const whole = new Framer().push(stream).map((f) => Buffer.from(f.bytes).toString("hex"));
  expect(whole).toHaveLength(3);
  for (let size = 1; size <= stream.length; size++) {
    const framer = new Framer();
    const frames: string[] = [];
    for (let at = 0; at < stream.length; at += size)
      for (const f of framer.push(stream.subarray(at, at + size))) frames.push(Buffer.from(f.bytes).toString("hex"));
    expect(frames).toEqual(whole);
    expect(framer.pending).toBe(0);
  }
});

test("a large message in small chunks is joined once", () => {
  const content = Buffer.alloc(4 << 20, 1);
  const stream = encode(MessageType.Output, { value: { content } });
  const framer = new Framer();
  const chunk = 1024;
  const start = performance.now();
  let out: Uint8Array | undefined;
  for (let at = 0; at < stream.length; at += chunk)
    for (const f of framer.push(stream.subarray(at, at + chunk)))
      out = decode(MessageType.Output, f.body).value?.content;
  // one growing buffer would copy 8 GiB here: seconds
  expect(performance.now() - start).toBeLessThan(1000);
  expect(Buffer.compare(out!, content)).toBe(0);
});
