import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import type { ManagedProcess } from "../managed-process.ts";
import { serverUser } from "./programs.ts";
import type { ProcessHost } from "./server.ts";

const BALLAST = "ballast";
const CHUNK = Buffer.alloc(64 * 1024);

/**
 * A small file system in memory for one folder, which can be filled. Only a process of its own sees it, and what is started by
 * `command`: it goes with them, and nothing has to be unmounted.
 */
export class SmallDisk {
  readonly #holder: ManagedProcess;
  readonly #folder: string;

  private constructor(holder: ManagedProcess, folder: string) {
    this.#holder = holder;
    this.#folder = folder;
  }

  /**
   * Mounts it over a folder, which must be there.
   * @returns undefined where that is not allowed: only root can, on Linux
   */
  static async mount(host: ProcessHost, folder: string, bytes: number): Promise<SmallDisk | undefined> {
    if (process.platform !== "linux" || !serverUser) return undefined;
    const options = `size=${bytes},mode=0700,uid=${serverUser.uid},gid=${serverUser.gid}`;
    const ready = Promise.withResolvers<true>();
    const script = 'mount -t tmpfs -o "$1" tmpfs "$2" && echo ready && exec cat';
    const holder = await host
      .spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", script, "sh", options, folder], {
        env: { PATH: process.env.PATH ?? "" },
        name: "small-disk",
        onLine: (line) => {
          if (line !== "ready") return false;
          ready.resolve(true);
          return true;
        },
      })
      .catch(() => undefined);
    if (!holder || (await Promise.race([ready.promise, holder.ended])) !== true) return undefined;
    return new SmallDisk(holder, folder);
  }

  /** What to write before a command that is to see the file system. */
  get command(): string[] {
    return ["nsenter", `--mount=/proc/${this.#holder.pid}/ns/mnt`];
  }
  /** Where the folder is for those who do not see it. */
  get outside(): string {
    return path.join(`/proc/${this.#holder.pid}/root`, this.#folder);
  }

  /** Takes all the space that is left. */
  fill(): void {
    const file = openSync(path.join(this.outside, BALLAST), "a");
    try {
      while (writeSync(file, CHUNK) > 0);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
    } finally {
      closeSync(file);
    }
  }
  /** Gives it back. */
  free(): void {
    rmSync(path.join(this.outside, BALLAST), { force: true });
  }

  async close(): Promise<void> {
    await this.#holder.kill();
  }
}
