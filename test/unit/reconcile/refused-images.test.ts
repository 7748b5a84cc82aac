/** A spec that asks for signatures: what has none is neither copied nor started, and what runs goes on. */
import { describe, expect, it } from 'vitest';
import { NO_COUNTERS } from '../../../src/model/counters.ts';
import { RegistryError } from '../../../src/model/errors.ts';
import { NO_MEMORY } from '../../../src/model/memory.ts';
import { instant, millis } from '../../../src/model/quantity.ts';
import type { Spec } from '../../../src/model/spec.ts';
import { applyPlan } from '../../../src/reconcile/apply-plan.ts';
import type { Deps } from '../../../src/reconcile/deps.ts';
import { planRun } from '../../../src/reconcile/plan-run.ts';
import type { Verdict } from '../../../src/store/trust/verify-text.ts';
import { memoryInventory, someDeps } from '../../cli/support.ts';
import { anInventory, aSpec } from '../../support/builders.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const LIMITS = { only: [], lockTimeout: millis(0), parallel: 4, signal: new AbortController().signal };
const GOOD: Verdict = { ok: true, signer: 'alice@example.org', fingerprint: 'SHA256:a' };
const EXPIRED: Verdict = { ok: false, fault: 'not-now', why: 'key SHA256:b has expired', fingerprint: 'SHA256:b' };

/** One subscription of one image, on a fleet that has nothing yet. */
function aFleet(signatures: () => Promise<readonly Verdict[]>, requireSignature = true) {
  const spec: Spec = {
    ...aSpec({ partitions: { web: { min: 1 } }, subscriptions: { shop: { min: 2 } } }),
    trust: { requireSignature, allowedSigners: '/srv/fleet/allowed_signers' },
  };
  const image = { digest: DIGEST, layers: [], run: { argv: [], env: {}, user: '', workingDir: '/', ports: [] } };
  const lock = () => Promise.resolve({ holder: {} as never, release: () => Promise.resolve() });
  const deps: Deps = someDeps({
    loadSpec: () => Promise.resolve(spec),
    inventory: memoryInventory(anInventory(), { lock }),
    memory: {
      recall: () => Promise.resolve({ history: {}, counters: NO_COUNTERS, memory: NO_MEMORY }),
      remember: () => Promise.resolve(),
    },
    storeOf: () => Promise.resolve({ find: () => Promise.resolve(image) } as never),
    signaturesOf: signatures,
    providerOf: () => Promise.resolve({ list: () => Promise.resolve([]) } as never),
    fingerprintKey: () => Promise.resolve('key'),
    now: () => instant(1_700_000_000_000),
  });
  const reference = Object.values(spec.cartridges)[0]?.image ?? '';
  return { deps, reference };
}
const kindsOf = ({ plan }: Awaited<ReturnType<typeof planRun>>): readonly string[] =>
  plan.stages.flatMap(({ actions }) => actions.map(({ kind }) => kind));
const refusing = (...signatures: readonly Verdict[]) => aFleet(() => Promise.resolve(signatures));

describe('planRun', () => {
  it('plans nothing of an image without a signature that counts, and says which, why and what to do', async () => {
    for (const [signatures, why, command] of [
      [[], 'it is not signed', 'sign'],
      [[EXPIRED], 'none of its signatures counts: key SHA256:b has expired', 'verify'],
    ] as const) {
      const { deps, reference } = refusing(...signatures);
      const run = await planRun(deps, LIMITS);
      expect(kindsOf(run)).not.toContain('image.copy');
      expect(kindsOf(run)).not.toContain('process.create');
      const [hold] = run.plan.holds;
      expect(hold).toMatchObject({ target: 'shop' });
      expect(hold?.reason).toContain(
        `image ${reference} (${DIGEST}) is refused as ${why}: stratos cartridge ${command} ${reference}`,
      );
      expect(run.decisions.alarms).toContain(`image ${reference} of shop is refused`);
    }
  });

  it('refuses what cannot be checked', async () => {
    const { deps } = aFleet(() => Promise.reject(new RegistryError('hub', 'unavailable', 'Cannot reach hub')));
    const run = await planRun(deps, LIMITS);
    expect(kindsOf(run)).not.toContain('process.create');
    expect(run.plan.holds[0]?.reason).toContain('its signatures cannot be checked: Cannot reach hub');
  });

  it('is the usual one where a signature counts, or none is asked for', async () => {
    for (const { deps } of [refusing(EXPIRED, GOOD), aFleet(() => Promise.reject(new Error('asked')), false)]) {
      const run = await planRun(deps, LIMITS);
      expect(kindsOf(run)).toEqual(expect.arrayContaining(['image.copy', 'process.create']));
      expect(run.decisions.alarms).toEqual([]);
    }
  });
});

describe('applyPlan', () => {
  it('refuses a plan whose image is refused by now', async () => {
    const verdicts = [GOOD];
    const { deps, reference } = aFleet(() => Promise.resolve(verdicts));
    const { plan } = await planRun(deps, LIMITS);
    verdicts[0] = EXPIRED as never;
    await expect(applyPlan(deps, plan, LIMITS)).rejects.toThrow(
      `Cannot apply the plan: image ${reference} (${DIGEST})`,
    );
  });
});
