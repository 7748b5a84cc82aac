/** Which process this is, and whether another one still runs: a process id alone is not enough, as ids are used again. */
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { kill, pid } from 'node:process';
import { codeOf } from './code-of.ts';

/** A process, told apart from those that had its id before or on other machines. What a system cannot tell is undefined. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** Id of the machine: two machines may have one host name. */
  readonly machine?: string;
  /** Id of the machine's current run. */
  readonly boot?: string;
  /** Namespace the process id belongs to: containers count for themselves. */
  readonly namespace?: string;
  /** When the process started, in clock ticks after the boot. */
  readonly start?: string;
}

/** The identity of this very process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const [machine, boot, namespace, start] = await Promise.all([
    text('/etc/machine-id'),
    text('/proc/sys/kernel/random/boot_id'),
    readlink('/proc/self/ns/pid').catch(() => undefined),
    startOf(pid),
  ]);
  return {
    host: hostname(),
    pid,
    ...(machine === undefined ? {} : { machine }),
    ...(boot === undefined ? {} : { boot }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(start === undefined ? {} : { start }),
  };
}

/** Whether a process has certainly ended. False where it cannot be known: on another machine, in another container. */
export async function hasEnded(other: ProcessIdentity): Promise<boolean> {
  const own = await ownIdentity();
  if (other.host !== own.host || other.machine !== own.machine) return false;
  if (other.boot !== undefined && own.boot !== undefined && other.boot !== own.boot) return true;
  if (other.namespace !== own.namespace) return false;
  if (!exists(other.pid)) return true;
  const start = await startOf(other.pid);
  return start !== undefined && (start === ZOMBIE || (other.start !== undefined && other.start !== start));
}

const ZOMBIE = 'zombie';

function exists(other: number): boolean {
  try {
    kill(other, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

/** Field 22 of /proc/PID/stat; a zombie runs no code any more. Undefined where there is no /proc. */
async function startOf(other: number): Promise<string | undefined> {
  const line = await text(`/proc/${String(other)}/stat`);
  // The second field is the program's name in parentheses, which may contain anything.
  const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? ZOMBIE : fields?.[19];
}

async function text(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').then(
    (content) => content.trim(),
    () => undefined,
  );
}
