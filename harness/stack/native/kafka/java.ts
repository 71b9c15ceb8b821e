import { execFile } from "node:child_process";
import { accessSync, constants, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

/** What a Java program needs: the path of `java`, and the version of what it starts. */
export interface Java {
  program: string;
  /** such as "17.0.15" */
  version: string;
}

const LEAST = 17;

/**
 * The Java of this machine: that of JAVA_HOME, or else the first on the PATH.
 * @returns undefined when there is none that is new enough
 */
export async function findJava(environment: NodeJS.ProcessEnv = process.env): Promise<Java | undefined> {
  const { JAVA_HOME, PATH = "" } = environment;
  const folders = JAVA_HOME ? [path.join(JAVA_HOME, "bin")] : PATH.split(path.delimiter);
  const program = folders.map((folder) => path.join(folder, "java")).find(isExecutable);
  if (program === undefined) return undefined;
  const version = recordedVersion(program) ?? (await askedVersion(program));
  return version !== undefined && Number.parseInt(version, 10) >= LEAST ? { program, version } : undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What the installation says of itself: quicker than to start it. */
function recordedVersion(program: string): string | undefined {
  try {
    const release = readFileSync(path.join(path.dirname(realpathSync(program)), "..", "release"), "utf8");
    return /^JAVA_VERSION="(.+)"$/m.exec(release)?.[1];
  } catch {
    return undefined;
  }
}

async function askedVersion(program: string): Promise<string | undefined> {
  const { stderr } = await promisify(execFile)(program, ["-version"]).catch(() => ({ stderr: "" }));
  return / version "(.+?)"/.exec(stderr)?.[1];
}
