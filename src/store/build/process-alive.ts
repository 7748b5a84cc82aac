/** Whether a process of this machine still runs, told apart from a later one with the same id. */
import { readFile } from 'node:fs/promises';

/** Identity of a process: its id and its start in clock ticks since boot. Undefined when there is no such process. */
export async function processIdentity(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
    // The name in parentheses may have spaces in it: fields count from the last parenthesis.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : `${String(pid)} ${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}
