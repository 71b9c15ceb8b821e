import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { projectRoot } from "../../bundle.ts";

const Lock = z.object({
  version: z.string(),
  jars: z.array(z.object({ coordinates: z.string(), sha256: z.string() })),
});
type Jar = z.infer<typeof Lock>["jars"][number];

/** The version of Apache Kafka, and the jars that a broker needs of it, with their checksums. */
const lockText = readFileSync(new URL("jars.lock.json", import.meta.url), "utf8");
export const lock = Lock.parse(JSON.parse(lockText));

const PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
const FETCH_MS = 10 * 60 * 1000;

/** Where the jars of this lock file are kept, and what is made of them. */
export const kafkaCache = path.join(projectRoot, ".cache", "kafka", `${lock.version}-${digest(lockText).slice(0, 8)}`);

/**
 * The class path of a broker. The jars are fetched with Maven once, and compared with the lock file at every use.
 * @param cache the folder that keeps them, in a folder "jars"
 * @throws when Maven is missing or fails, and when a jar is not the one that the lock file names
 */
export async function classPath(cache = kafkaCache): Promise<string> {
  const folder = path.join(cache, "jars");
  if (!existsSync(folder)) await fetchJars(folder);
  await Promise.all(lock.jars.map((jar) => verify(folder, jar)));
  return lock.jars.map((jar) => path.join(folder, fileName(jar))).join(path.delimiter);
}

function fileName({ coordinates }: Jar): string {
  const { artifact, version } = parts(coordinates);
  return `${artifact}-${version}.jar`;
}

function parts(coordinates: string): { group: string; artifact: string; version: string } {
  const [group = "", artifact = "", version = ""] = coordinates.split(":");
  return { group, artifact, version };
}

function digest(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

async function verify(folder: string, jar: Jar): Promise<void> {
  const file = path.join(folder, fileName(jar));
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${file} of Kafka cannot be read (${error.code}): remove the folder ${folder}, and run again`);
  });
  if (digest(bytes) !== jar.sha256)
    throw new Error(`${file} of Kafka is not the jar of the lock file: remove the folder ${folder}, and run again`);
}

/** Two runs may do it at once: the folder is moved to its place whole, and the first one stays. */
async function fetchJars(folder: string): Promise<void> {
  const half = `${folder}.${randomUUID()}`;
  try {
    mkdirSync(half, { recursive: true });
    const project = path.join(half, "pom.xml");
    writeFileSync(project, projectOf(lock.jars));
    await runMaven([
      PLUGIN,
      ...["--quiet", "--batch-mode", "--file", project],
      ...[`-DoutputDirectory=${half}`, "-DexcludeTransitive=true", "-Dmdep.useBaseVersion=true"],
    ]);
    await Promise.all(lock.jars.map((jar) => verify(half, jar)));
    renameSync(half, folder);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

async function runMaven(args: string[]): Promise<void> {
  try {
    await promisify(execFile)("mvn", args, { timeout: FETCH_MS });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      throw new Error("Kafka's jars must be fetched once, and Maven is missing: install it (mvn), and run again");
    const { stdout = "" } = error instanceof Error && "stdout" in error ? error : {};
    const reason = /\[ERROR\] (.*)/.exec(String(stdout))?.[1] ?? String(error);
    throw new Error(`Kafka's jars could not be fetched with Maven: ${reason}`);
  }
}

/** A project for Maven that depends on the jars and on nothing else. */
function projectOf(jars: readonly Jar[]): string {
  const dependencies = jars.map(({ coordinates }) => {
    const { group, artifact, version } = parts(coordinates);
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>stormproof</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>${dependencies.join("")}</dependencies>
</project>
`;
}
