import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const command = fileURLToPath(new URL("command.ts", import.meta.url));
const run = (input: string, ...parts: string[]) =>
  spawnSync(process.execPath, [command, ...parts], { input, encoding: "utf8" });

const stale = `{:process 0 :type :invoke :f :write :value 1}
{:process 0 :type :ok :f :write :value 1}
{:process 1 :type :invoke :f :read}
{:process 1 :type :ok :f :read :value 0}
`;

test("the exit code is the verdict", () => {
  expect(run(stale, "--model", "register", "-")).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/^invalid\n/),
  });
  expect(run(stale.replace(":value 0", ":value 1"), "--model", "register", "-")).toMatchObject({
    status: 0,
    stdout: "valid\n",
  });
  expect(run(stale.slice(60), "--model", "register", "-")).toMatchObject({ status: 3, stdout: "" });
  expect(run(stale, "--model", "register", "/no/such/file")).toMatchObject({ status: 3 });
});

test("it says how it is used", () => {
  expect(run("", "--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("--level LEVEL") });
  expect(run(stale, "--model", "register", "--level", "serializable", "-")).toMatchObject({
    status: 3,
    stderr: expect.stringContaining("--level is for the model list-append alone"),
  });
  expect(run(stale, "--model", "list-append", "--level", "perfect", "-")).toMatchObject({
    status: 3,
    stderr: expect.stringContaining('There is no level "perfect"; there are read-uncommitted, '),
  });
});

test("it writes another notation", () => {
  const lines = run(stale, "--to", "jsonl", "-").stdout;
  expect(JSON.parse(lines.split("\n")[3]!)).toEqual({ type: "ok", process: 1, f: "read", value: 0 });
  expect(run(lines, "--model", "register", "-").status).toBe(1);
});

test("what is odd is said beside the verdict, and a failed compare-and-set is read as asked for", () => {
  const failed = `{:process 0 :type :invoke :f :write :value 1 :time 5}
{:process 0 :type :ok :f :write :value 1 :time 4}
{:process 1 :type :invoke :f :cas :value [1 2]}
{:process 1 :type :fail :f :cas :value [1 2]}
`;
  expect(run(failed, "--model", "cas-register", "-")).toMatchObject({
    status: 0,
    stdout: "valid\n",
    stderr: expect.stringMatching(/^warning: time goes back once at line 2/),
  });
  expect(run(failed, "--model", "cas-register", "--failed-cas-means-unequal", "-")).toMatchObject({ status: 1 });
});
