import { TerminalError } from "@restatedev/restate-sdk";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { upload } from "./upload-client.ts";

const URL = "http://storage/data";
const WAIT = 5_000;
const submitted = { invocationId: "inv_run", status: "Accepted" };
const asked = { invocationId: "inv_mail", status: "Accepted" };

/** How Restate answers; undefined: it does not. */
let attach: () => Response | undefined;
const ingress = vi.fn<typeof fetch>(async (input, init) => {
  const path = String(input);
  if (path.endsWith("/run/send")) return Response.json(submitted, { status: 202 });
  if (path.endsWith("/resultAsEmail/send")) return Response.json(asked, { status: 202 });
  return attach() ?? aborted(init?.signal);
});
const aborted = (signal?: AbortSignal | null) =>
  new Promise<never>((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
const requests = () =>
  ingress.mock.calls.map(([url, init]) => `${init?.method} ${url}`.replace("http://127.0.0.1:8080", ""));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", ingress);
});
afterEach(() => {
  ingress.mockClear();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("a quick upload is answered with its URL, and no mail is asked for", async () => {
  attach = () => Response.json(URL);
  expect(await upload("u/1", "ada@mail.example")).toEqual({ url: URL });
  expect(requests()).toEqual(["POST /dataUploader/u%2F1/run/send", "GET /restate/workflow/dataUploader/u%2F1/attach"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a slow one is mailed, once the client has waited, and each request for a mail is one of its own", async () => {
  attach = () => undefined;
  const slow = upload("u1", "ada@mail.example");
  await vi.advanceTimersByTimeAsync(WAIT - 1);
  expect(requests()).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(await slow).toEqual({ mailedTo: "ada@mail.example", invocationId: "inv_mail" });

  const again = upload("u1", "ada@mail.example");
  await vi.advanceTimersByTimeAsync(WAIT);
  await again;
  const mails = ingress.mock.calls.filter(([url]) => String(url).endsWith("/dataUploader/u1/resultAsEmail/send"));
  const keys = mails.map(([, init]) => new Headers(init?.headers).get("idempotency-key"));
  expect(new Set(keys).size).toBe(2);
});

test("one that has failed is told as it failed, and no mail is asked for", async () => {
  const headers = { "x-restate-error-source": "invocation" };
  attach = () => Response.json({ message: "no quota", source: "invocation" }, { status: 403, headers });
  const error = await upload("u1", "ada@mail.example").catch((error: unknown) => error);
  expect(error).toBeInstanceOf(TerminalError);
  expect(error).toMatchObject({ code: 403, message: "no quota" });
  expect(requests()).toHaveLength(2);
});
