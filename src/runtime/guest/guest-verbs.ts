/** What can be done inside a process that is a VM, where its cartridge says how one logs in. Runs nothing; `ssh/` does. */
import type { GuestLogin } from '../../model/spec.ts';
import type { GuestVerbs } from './guest-system.ts';
import { POSIX } from './posix.ts';
import { WINDOWS } from './windows.ts';

/** The verbs of a shell. */
export function guestVerbsOf({ shell }: GuestLogin): GuestVerbs {
  return shell === 'powershell' ? WINDOWS : POSIX;
}
