/**
 * Becomes another program, as another user: `node as-user.ts UID GID PROGRAM [ARGUMENT...]`. The process stays the same, with
 * its id and its streams.
 */
const [uid, gid, program, ...rest] = process.argv.slice(2);
if (!program) throw new Error("as-user needs a user, a group and a program");
if (!process.execve || !process.setgroups || !process.setgid || !process.setuid)
  throw new Error("as-user needs Node 24 on Linux or macOS");
process.setgroups([]);
process.setgid(Number(gid));
process.setuid(Number(uid));
process.execve(program, [program, ...rest], process.env);
