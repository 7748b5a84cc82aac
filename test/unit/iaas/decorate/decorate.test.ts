import { describe, expect, it } from 'vitest';
import { decorate } from '../../../../src/iaas/decorate/around.ts';
import { dryRun } from '../../../../src/iaas/decorate/dry-run.ts';
import { limiting } from '../../../../src/iaas/decorate/limiting.ts';
import { retrying } from '../../../../src/iaas/decorate/retrying.ts';
import { timing, type TimedCall } from '../../../../src/iaas/decorate/timing.ts';
import type { IaasProvider } from '../../../../src/iaas/provider.ts';
import { IaasError, type IaasFailure } from '../../../../src/model/errors.ts';
import { millis } from '../../../../src/model/quantity.ts';

const policy = { attempts: 3, firstWait: millis(2), longestWait: millis(1000) };

/** A provider whose `list` and `delete` do this. */
function providerOf(work: () => Promise<void>): IaasProvider {
  const machine = { id: 'm', state: 'running' } as const;
  return {
    name: 'lab',
    kind: 'fake',
    capabilities: { ephemeral: true, injectsHostKey: true, stop: true },
    list: async () => work().then(() => [machine]),
    create: async () => work().then(() => machine),
    start: async () => work().then(() => machine),
    stop: work,
    delete: work,
    check: work,
  };
}

function failing(failure: IaasFailure, times: number, retryAfter?: number) {
  let calls = 0;
  const provider = providerOf(async () => {
    calls += 1;
    if (calls <= times)
      throw new IaasError('lab', failure, 'Cannot', {
        ...(retryAfter !== undefined && { retryAfter: millis(retryAfter) }),
      });
    return Promise.resolve();
  });
  return { provider, calls: () => calls };
}

describe('retrying', () => {
  it.each(['rate-limited', 'unavailable'] as const)('asks again after %s', async (failure) => {
    const { provider, calls } = failing(failure, 2);
    expect(await decorate(provider, retrying(policy)).list()).toHaveLength(1);
    expect(calls()).toBe(3);
  });

  it('ends after its attempts, and at once with what does not pass', async () => {
    const away = failing('unavailable', 9);
    await expect(decorate(away.provider, retrying(policy)).delete('m')).rejects.toMatchObject({
      failure: 'unavailable',
    });
    expect(away.calls()).toBe(3);
    for (const failure of ['no-capacity', 'quota', 'unauthorized', 'not-found', 'invalid'] as const) {
      const { provider, calls } = failing(failure, 1);
      await expect(decorate(provider, retrying(policy)).list()).rejects.toMatchObject({ failure });
      expect(calls()).toBe(1);
    }
  });

  it('keeps to Retry-After, and tells a person where that is too long', async () => {
    const begin = performance.now();
    await decorate(failing('rate-limited', 1, 80).provider, retrying(policy)).list();
    expect(performance.now() - begin).toBeGreaterThanOrEqual(78);
    const long = failing('rate-limited', 1, 90_000);
    await expect(decorate(long.provider, retrying(policy)).list()).rejects.toThrow('it asks to wait 2m');
    expect(long.calls()).toBe(1);
  });

  it('is interrupted while it waits', async () => {
    const { provider } = failing('rate-limited', 1, 900);
    const request = { vm: 'web-1', signal: AbortSignal.timeout(20) } as Parameters<IaasProvider['create']>[0];
    await expect(decorate(provider, retrying(policy)).create(request)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('limiting', () => {
  it('keeps to the number of calls at one time', async () => {
    let open = 0;
    let most = 0;
    const provider = decorate(
      providerOf(async () => {
        most = Math.max(most, (open += 1));
        await new Promise((resolve) => setTimeout(resolve, 5));
        open -= 1;
      }),
      limiting({ concurrency: 3 }),
    );
    await Promise.all(Array.from({ length: 12 }, async () => provider.list()));
    expect(most).toBe(3);
  });

  it('keeps to the number of calls in a second', async () => {
    const provider = decorate(
      providerOf(async () => Promise.resolve()),
      limiting({ concurrency: 9, ratePerSecond: 50 }),
    );
    const begin = performance.now();
    await Promise.all(Array.from({ length: 6 }, async () => provider.list()));
    expect(performance.now() - begin).toBeGreaterThanOrEqual(95);
  });
});

describe('timing', () => {
  it('tells of what went well and of what did not', async () => {
    const seen: TimedCall[] = [];
    const { provider } = failing('not-found', 1);
    let now = 0;
    const timed = decorate(
      provider,
      timing(
        (call) => seen.push(call),
        () => (now += 7),
      ),
    );
    await timed.delete('m').catch(() => undefined);
    await timed.list();
    expect(seen).toMatchObject([
      { iaas: 'lab', verb: 'delete', subject: 'm', ms: 7, failed: true },
      { verb: 'list', ms: 7, failed: false },
    ]);
  });
});

describe('dryRun', () => {
  it('lets nothing be bought or ended', async () => {
    const { provider, calls } = failing('invalid', 0);
    const dry = decorate(provider, dryRun);
    await expect(dry.delete('m')).rejects.toThrow('Cannot delete m in a dry run');
    await expect(dry.stop('m')).rejects.toMatchObject({ failure: 'invalid' });
    expect(calls()).toBe(0);
    expect(await dry.list()).toHaveLength(1);
  });
});
