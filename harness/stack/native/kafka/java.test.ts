import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { findJava } from "./java.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "java-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** An installation that says of itself what is given, in its release file or when it is asked. */
function installation(name: string, { release, answer = "" }: { release?: string; answer?: string }): string {
  const home = path.join(scratch, name);
  mkdirSync(path.join(home, "bin"), { recursive: true });
  const program = path.join(home, "bin", "java");
  writeFileSync(program, `#!/bin/sh\necho '${answer}' >&2\n`);
  chmodSync(program, 0o755);
  if (release !== undefined) writeFileSync(path.join(home, "release"), release);
  return home;
}
const quiet = installation("quiet", { release: 'IMPLEMENTOR="x"\nJAVA_VERSION="21.0.1"\n' });
const asked = installation("asked", { answer: 'openjdk version "17.0.15" 2025-04-15' });
const old = installation("old", { release: 'JAVA_VERSION="1.8.0_402"\n' });
const mute = installation("mute", {});

test.each([
  ["the release file says its version", { JAVA_HOME: quiet, PATH: old }, { home: quiet, version: "21.0.1" }],
  ["it says its version when it is asked", { JAVA_HOME: asked, PATH: "" }, { home: asked, version: "17.0.15" }],
  [
    "it is the first on the PATH",
    { PATH: `/no/such/folder:${quiet}/bin:${old}/bin` },
    { home: quiet, version: "21.0.1" },
  ],
])("%s", async (_, environment, { home, version }) => {
  expect(await findJava(environment)).toEqual({ program: path.join(home, "bin", "java"), version });
});

test.each([
  ["is too old", { JAVA_HOME: old }],
  ["does not tell its version", { JAVA_HOME: mute }],
  ["is not there", { JAVA_HOME: "/no/such/folder", PATH: path.join(quiet, "bin") }],
  ["is nowhere on the PATH", { PATH: "/no/such/folder" }],
])("a Java that %s is none", async (_, environment) => {
  expect(await findJava(environment)).toBeUndefined();
});
