/** The signal that asks a program to end, as images name it. */
import { UsageError } from '../model/errors.ts';

/** Signals by number, from 1, as signal(7) has them for x86, ARM and most others. */
const NAMES = [
  ...[
    'HUP',
    'INT',
    'QUIT',
    'ILL',
    'TRAP',
    'ABRT',
    'BUS',
    'FPE',
    'KILL',
    'USR1',
    'SEGV',
    'USR2',
    'PIPE',
    'ALRM',
    'TERM',
  ],
  ...[
    'STKFLT',
    'CHLD',
    'CONT',
    'STOP',
    'TSTP',
    'TTIN',
    'TTOU',
    'URG',
    'XCPU',
    'XFSZ',
    'VTALRM',
    'PROF',
    'WINCH',
    'IO',
    'PWR',
    'SYS',
  ],
];
const SIGTERM = 15;
/** The first real-time signal, and the last, as C libraries number them. */
const RTMIN = 34;
const RTMAX = 64;

/** Number of `SIGQUIT`, `QUIT`, `3` or `SIGRTMIN+3`; that of SIGTERM where an image names none. @throws UsageError for any other text */
export function stopSignalNumber(text = ''): number {
  if (text === '') return SIGTERM;
  const name = text.toUpperCase().replace(/^SIG/, '');
  const [, end, by] = /^RT(MIN|MAX)(?:[+-](\d{1,2}))?$/.exec(name) ?? [];
  const offset = Number(by ?? 0);
  const number = /^\d{1,2}$/.test(name)
    ? Number(name)
    : end === undefined
      ? NAMES.indexOf(name) + 1
      : end === 'MIN'
        ? RTMIN + offset
        : RTMAX - offset;
  if (number >= 1 && number <= RTMAX) return number;
  throw new UsageError(`Cannot stop a process as its image asks as there is no such signal: ${JSON.stringify(text)}`);
}
