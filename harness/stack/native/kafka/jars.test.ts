import { appendFileSync, cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { classPath, kafkaCache, lock } from "./jars.ts";

/** The jars may have to be fetched first. */
const FIRST_TIME_MS = 10 * 60 * 1000;

let cache: string;
beforeEach(async () => {
  cache = mkdtempSync(path.join(tmpdir(), "jars-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

test("the class path holds the jars of the lock file", { timeout: FIRST_TIME_MS }, async () => {
  const files = (await classPath()).split(path.delimiter).map((file) => path.basename(file));
  expect(files).toHaveLength(lock.jars.length);
  expect(files).toContain(`kafka_2.13-${lock.version}.jar`);
});

test("a jar that was changed, or is gone, is named, and what to do", { timeout: FIRST_TIME_MS }, async () => {
  await classPath();
  const jars = path.join(cache, "jars");
  cpSync(path.join(kafkaCache, "jars"), jars, { recursive: true });
  const jar = path.join(jars, `kafka-clients-${lock.version}.jar`);
  appendFileSync(jar, "x");
  await expect(classPath(cache)).rejects.toThrow(`${jar} of Kafka is not the jar of the lock file: remove the folder`);
  rmSync(jar);
  await expect(classPath(cache)).rejects.toThrow(`${jar} of Kafka cannot be read (ENOENT): remove the folder`);
});

test("without Maven it says that Maven is missing, and leaves nothing half done", async () => {
  vi.stubEnv("PATH", "/no/such/folder");
  await expect(classPath(cache)).rejects.toThrow("Maven is missing");
  expect(readdirSync(cache)).toEqual([]);
});
