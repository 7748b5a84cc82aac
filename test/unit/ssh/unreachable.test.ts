import { expect, it } from 'vitest';
import { unreachable } from '../../../src/ssh/unreachable.ts';

it('unreachable gives a command that exists as the way on', () => {
  const endpoint = { address: '10.0.0.1', port: 22, user: 'root', hostKeys: [] };
  for (const reason of ['refused', 'timeout', 'connection-lost', 'jump-failed'] as const)
    expect(unreachable('web-1', endpoint, reason, 'it is away').hint).toBe('stratos doctor');
});
