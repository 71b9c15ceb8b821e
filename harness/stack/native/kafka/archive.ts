import { randomUUID } from "node:crypto";
import { existsSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { Broker, type ProcessHost } from "./broker.ts";
import { kafkaCache } from "./jars.ts";
import type { Java } from "./java.ts";
import { Topics } from "./topics.ts";

/**
 * The argument that lets the virtual machine take its classes from an archive, which halves the time that a broker takes to
 * start. The archive is made once for each Java, from a broker that has done a little of everything.
 */
export async function archiveArgument(host: ProcessHost, java: Java, classPath: string): Promise<string> {
  const archive = path.join(kafkaCache, `classes-java-${java.version}.jsa`);
  if (!existsSync(archive)) await makeArchive(host, java, classPath, archive);
  return `-XX:SharedArchiveFile=${archive}`;
}

/** Two runs may make it at once: it is moved to its place whole. */
async function makeArchive(host: ProcessHost, java: Java, classPath: string, archive: string): Promise<void> {
  const half = `${archive}.${randomUUID()}`;
  const jvm = [`-XX:ArchiveClassesAtExit=${half}`];
  const broker = new Broker(host, "kafka-archive", { java, classPath, storm: "freezes", jvm });
  try {
    await broker.create();
    await exercise(broker.address);
    await broker.stop();
    renameSync(half, archive);
  } finally {
    await broker.kill();
    rmSync(half, { force: true });
    rmSync(broker.folder, { recursive: true, force: true });
  }
}

async function exercise(address: string): Promise<void> {
  const topics = new Topics(address);
  try {
    await topics.create("exercise", 2);
    await topics.send("exercise", { key: "a", value: "1" });
    await topics.read("exercise");
  } finally {
    await topics.close();
  }
}
