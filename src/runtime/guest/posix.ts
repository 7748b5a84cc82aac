/** A Linux appliance, or anything with a POSIX shell. */
import { UsageError } from '../../model/errors.ts';
import type { GuestVerbs } from './guest-system.ts';

export const POSIX: GuestVerbs = {
  exec: (argv) => argv,
  shell: () => ['sh', '-l'],
  logs(files, { follow = false, lines, since }) {
    const count = lines === undefined ? [] : ['-n', String(lines)];
    if (files.length === 0)
      return [
        ...(['journalctl', '--quiet', '--no-pager', '--all', '--output=cat'] as const),
        ...(follow ? ['--follow'] : []),
        ...count,
        ...(since === undefined ? [] : [`--since=${since}`]),
      ];
    refuseTime(since);
    return ['tail', ...count, ...(follow ? ['-F'] : []), ...files];
  },
};

/** @throws UsageError: a file's lines carry no time that could be told */
export function refuseTime(since: string | undefined): void {
  if (since === undefined) return;
  throw new UsageError(`Cannot read a log from a time on as it is in files: ${since}`, { hint: 'leave out --since' });
}
