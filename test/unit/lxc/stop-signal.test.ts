import { expect, it } from 'vitest';
import { stopSignalNumber } from '../../../src/lxc/stop-signal.ts';
import { UsageError } from '../../../src/model/errors.ts';

it.each([
  [undefined, 15],
  ['', 15],
  ['SIGTERM', 15],
  ['SIGQUIT', 3],
  ['quit', 3],
  ['SIGWINCH', 28],
  ['10', 10],
  ['SIGRTMIN+3', 37],
  ['RTMAX', 64],
  ['SIGRTMAX-1', 63],
])('stopSignalNumber reads %s as %i', (text, number) => {
  expect(stopSignalNumber(text)).toBe(number);
});

it.each(['SIGNOTHING', '0', '65', 'SIGRTMIN+31', '-9', '15; reboot'])('stopSignalNumber refuses %s', (text) => {
  expect(() => stopSignalNumber(text)).toThrow(UsageError);
});
