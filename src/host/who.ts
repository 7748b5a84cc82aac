import { hostname, userInfo } from 'node:os';
import { getuid } from 'node:process';

/** Who runs this program: `user@host`. A user without an account has its number for a name. */
export function who(): string {
  return `${userName()}@${hostname()}`;
}

/** Name of the user who runs this program. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(getuid?.() ?? 'unknown');
  }
}
