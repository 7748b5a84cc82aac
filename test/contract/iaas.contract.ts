/** What every IaaS adapter must do, whatever it drives. A new adapter is done when this suite passes on it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IaasProvider, MachineRequest } from '../../src/iaas/provider.ts';
import { decorate } from '../../src/iaas/decorate/around.ts';
import { retrying } from '../../src/iaas/decorate/retrying.ts';
import type { Endpoint } from '../../src/model/endpoint.ts';
import { IaasError, type IaasFailure } from '../../src/model/errors.ts';
import type { IaasSpec } from '../../src/model/iaas-spec.ts';
import type { Machine } from '../../src/model/observation.ts';
import { millis } from '../../src/model/quantity.ts';
import { Secret } from '../../src/model/secret.ts';
import { generateHostKey } from '../../src/ssh/key-pair.ts';
import { ownMachines } from '../../src/reconcile/own-machines.ts';

/** Host key of a machine that is a process: its user data bring it. */
const HOST_KEY = generateHostKey().publicKey.split(' ', 2).join(' ');

/** One adapter with room for two machines at least, and what a test needs around it. */
export interface IaasSubject extends AsyncDisposable {
  readonly provider: IaasProvider;
  /** The same IaaS, used by another project; undefined where machines carry no lineage. */
  readonly other?: IaasProvider;
  /** The adapter with 1 s of patience or a little more; undefined where `provider` has no more itself. */
  readonly impatient?: IaasProvider;
  /** The same project in the same account, by another entry of its spec; undefined where machines do not say which made them. */
  readonly sibling?: IaasProvider;
  readonly request: (vm: string, change?: Partial<MachineRequest>) => Promise<MachineRequest>;
  /** Runs a shell line by SSH; rejects on an unknown host key. Undefined where its machines run nothing. */
  readonly ssh?: (endpoint: Endpoint, line: string) => Promise<string>;
  /** What a restart of the machine that the IaaS runs on does to it; undefined where there is none to restart. */
  readonly restart?: () => Promise<void>;
  /** What the IaaS itself holds of a machine, read past the adapter; undefined where there is no API to read. */
  readonly held?: (id: string) => Promise<HeldMachine>;
  /** Makes the IaaS misbehave; undefined where it cannot be made to. */
  readonly faults?: IaasFaults;
  /** More machines than one page of a listing holds; undefined where listings have no pages. */
  readonly beyondOnePage?: number;
  /** An image of the IaaS that is none of ours: what a VM that is a process is made of. Undefined: there is none to try. */
  readonly guestImage?: string;
  /** Zones of the spec, where there are any. */
  readonly zones?: readonly [string, string];
}

export interface HeldMachine {
  readonly vm: string;
  readonly lineage: string;
  /** User data as cloud-init would read it: unpacked. */
  readonly userData: string;
  /** The vendor's name of the size. */
  readonly size: string;
  readonly zone?: string;
  /** Image that it was made of, where the IaaS tells. */
  readonly image?: string;
}

export interface IaasFaults {
  /** The next create of a machine is refused, once. */
  refuseCreate(failure: 'no-capacity' | 'quota'): void;
  /** The next create is done, and its answer lost, once. */
  loseAnswer(): void;
  /** Who asks is not known, until the returned function is called. */
  lockOut(): () => void;
  /** The next calls are refused as too many, `Retry-After` in seconds where it is said; at most as many. Undefined: it has no such limit. */
  throttle?(calls: number, retryAfter?: number): void;
  /** New machines get no address, until the returned function is called. Undefined: they cannot be kept from it. */
  stall?(): () => void;
}

/** Registers the suite for one adapter. */
export function iaasContract(name: string, open: () => Promise<IaasSubject>): void {
  describe(`IaasProvider ${name}`, () => {
    let subject: IaasSubject;
    let provider: IaasProvider;
    beforeAll(async () => {
      subject = await open();
      ({ provider } = subject);
    });
    afterAll(() => subject[Symbol.asyncDispose]());

    const create = async (vm: string, change?: Partial<MachineRequest>): Promise<Machine> =>
      provider.create(await subject.request(vm, change));
    /** Runs a line on a machine, where machines run something; what it printed is `expected`. */
    const says = async (machine: Machine, line: string, expected: string): Promise<void> => {
      if (subject.ssh) expect(await subject.ssh(endpointOf(machine), line)).toBe(expected);
    };
    const find = async (id: string): Promise<Machine | undefined> =>
      (await provider.list()).find((machine) => machine.id === id);

    it('check passes where it works', async () => {
      await expect(provider.check()).resolves.toBeUndefined();
    });

    it('create gives a running machine with an address and a pinned host key', async () => {
      const request = await subject.request('one');
      const machine = await provider.create(request);
      expect(machine.state).toBe('running');
      expect(endpointOf(machine).hostKeys.length).toBeGreaterThan(0);
      if (provider.capabilities.injectsHostKey)
        expect(endpointOf(machine).hostKeys.map(withoutComment)).toEqual([withoutComment(request.hostKey.publicKey)]);
    });

    it('create gives a machine whose first SSH connection is verified', async ({ skip }) => {
      const { ssh } = subject;
      skip(!ssh, 'its machines run nothing');
      const machine = await create('one');
      const become = endpointOf(machine).user === 'root' ? '' : 'sudo -n ';
      expect(await ssh?.(endpointOf(machine), `echo in; ${become}id -u`)).toBe('in\n0\n');
      const stranger = { ...endpointOf(machine), hostKeys: [(await subject.request('stranger')).hostKey.publicKey] };
      await expect(ssh?.(stranger, 'true')).rejects.toThrow(/host key/i);
    });

    it('create is idempotent by the name of the VM', async () => {
      const machine = await create('one');
      const again = await create('one');
      expect(again).toEqual(machine);
      expect((await provider.list()).filter((entry) => entry.id === machine.id)).toHaveLength(1);
    });

    it('create called twice at once makes one machine', async () => {
      const [first, second] = await Promise.all([create('twice'), create('twice')]);
      expect(second).toEqual(first);
      if (provider.capabilities.ephemeral) {
        expect((await provider.list()).filter((machine) => machine.vm === 'twice')).toHaveLength(1);
        await provider.delete(first.id);
      }
    });

    it('create gives different machines to different VMs', async () => {
      const one = await create('one');
      const two = await create('two', { taken: [one.id] });
      expect(two.id).not.toBe(one.id);
      expect(endpointOf(two).address).not.toBe(endpointOf(one).address);
      await says(two, 'echo two', 'two\n');
      await provider.delete(two.id);
    });

    it('create refuses with no-capacity when a static pool is all taken', async ({ skip }) => {
      skip(provider.capabilities.ephemeral, 'makes what it needs');
      const taken = (await provider.list()).map((machine) => machine.id);
      await expectFailure('no-capacity', () => create('one-too-many', { taken }));
    });

    it('create labels what it makes', async ({ skip }) => {
      skip(!provider.capabilities.ephemeral, 'its machines carry no label');
      const request = await subject.request('one');
      const machine = await provider.create(request);
      const { vm, partition } = request;
      const { cpu, memory } = request.size;
      expect(await find(machine.id)).toMatchObject({ vm, partition, size: { cpu, memory }, state: 'running' });
    });

    it('create makes a machine that is a process: of its own image, with its own user data, and told by the key that they bring', async ({
      skip,
    }) => {
      const { guestImage, held } = subject;
      skip(provider.capabilities.guests !== true || guestImage === undefined, 'it has no image of a cartridge');
      const process = { name: 'shop-1', fingerprint: '0123456789abcdef' };
      const userData = new Secret('#cloud-config\n{"packages":["it\'s \\"$(quoted)\\""]}\n');
      const request = await subject.request('guest', {
        guest: { image: guestImage ?? '', process, userData, hostKey: HOST_KEY },
      });
      const machine = await provider.create(request);
      expect(machine).toMatchObject({ vm: 'guest', partition: request.partition, process, state: 'running' });
      expect(machine.endpoint?.address).toBeTruthy();
      expect(machine.endpoint?.hostKeys).toEqual([HOST_KEY]);
      expect(await provider.create(request)).toEqual(machine);
      expect(await find(machine.id)).toEqual(machine);
      const kept = await held?.(machine.id);
      if (kept) {
        expect(kept.userData).toBe(userData.reveal());
        if (kept.image !== undefined) expect(kept.image).toBe(guestImage);
      }
      if (provider.capabilities.stop) {
        await provider.stop(machine.id);
        expect(await find(machine.id)).toMatchObject({ process, state: 'stopped' });
        expect(await provider.start(machine.id)).toMatchObject({ process, state: 'running' });
      }
      await provider.delete(machine.id);
      expect(await find(machine.id)).toBeUndefined();
    });

    it('list shows a machine as create gave it', async () => {
      const machine = await create('one');
      expect(await find(machine.id)).toEqual(machine);
    });

    it('list shows only machines of its own lineage, and delete touches no other', async ({ skip }) => {
      const { other } = subject;
      skip(other === undefined, 'its machines carry no lineage');
      if (!other) return;
      const ours = await create('one');
      const theirs = await other.create(await subject.request('one'));
      expect(theirs.id).not.toBe(ours.id);
      expect((await provider.list()).map((machine) => machine.id)).not.toContain(theirs.id);
      expect((await other.list()).map((machine) => machine.id)).toEqual([theirs.id]);
      await provider.delete(theirs.id);
      await expectFailure('not-found', () => provider.stop(theirs.id));
      expect((await other.list()).map((machine) => machine.state)).toEqual(['running']);
      await other.delete(theirs.id);
      expect(await other.list()).toEqual([]);
      await says(ours, 'echo still', 'still\n');
    });

    it('two entries in one project apart: each makes its own machine of a VM, and knows it from the other’s', async ({
      skip,
    }) => {
      const { sibling } = subject;
      skip(sibling === undefined, 'its machines do not say which entry made them');
      if (!sibling) return;
      const ours = await create('shared');
      const theirs = await sibling.create(await subject.request('shared'));
      expect(theirs.id).not.toBe(ours.id);
      expect([ours.iaas, theirs.iaas]).toEqual([provider.name, sibling.name]);
      expect(await create('shared')).toEqual(ours);
      expect(await sibling.create(await subject.request('shared'))).toEqual(theirs);
      const spec = { iaas: { [provider.name]: {} as IaasSpec, [sibling.name]: {} as IaasSpec } };
      for (const [one, own, other] of [
        [provider, ours, theirs],
        [sibling, theirs, ours],
      ] as const) {
        const ids = ownMachines(spec, { vms: [] }, one.name, await one.list()).map(({ id }) => id);
        expect(ids).toContain(own.id);
        expect(ids).not.toContain(other.id);
      }
      await sibling.delete(theirs.id);
      expect(await find(ours.id)).toEqual(ours);
      await provider.delete(ours.id);
    });

    it('start has no effect on a running machine', async () => {
      const machine = await create('one');
      const before = await subject.ssh?.(endpointOf(machine), STARTED);
      expect(await provider.start(machine.id)).toEqual(machine);
      await says(machine, STARTED, before ?? '');
    });

    it('start and stop refuse an unknown machine with not-found', async () => {
      for (const id of ['nobody', '../../etc', '$(touch /tmp/x)', '']) {
        await expectFailure('not-found', () => provider.start(id));
        await expectFailure('not-found', () => provider.stop(id));
      }
    });

    it('stop keeps address and disk for the next start', async () => {
      const machine = await create('one');
      if (!provider.capabilities.stop) {
        await expectFailure('invalid', () => provider.stop(machine.id));
        return;
      }
      await says(machine, 'echo kept > kept; sync', '');
      await provider.stop(machine.id);
      expect((await find(machine.id))?.state).toBe('stopped');
      await provider.stop(machine.id);
      expect(await provider.start(machine.id)).toEqual(machine);
      await says(machine, 'cat kept', 'kept\n');
    });

    it('start brings a machine back after a restart of what it runs on', async ({ skip }) => {
      const { restart } = subject;
      skip(!restart, 'nothing to restart');
      const machine = await create('one');
      await says(machine, 'echo survived > /var/lib/stratos/survived; sync', '');
      await restart?.();
      expect(await find(machine.id)).toEqual({ ...machine, state: 'stopped' });
      expect(await provider.start(machine.id)).toEqual(machine);
      await says(machine, 'cat /var/lib/stratos/survived', 'survived\n');
    });

    it('create brings a stopped machine back', async ({ skip }) => {
      const { restart } = subject;
      skip(!restart, 'nothing to restart');
      const machine = await create('one');
      await restart?.();
      expect(await create('one')).toEqual(machine);
      await says(machine, 'echo back', 'back\n');
    });

    it('delete is idempotent and ends an ephemeral machine', async () => {
      const machine = await create('one');
      await provider.delete(machine.id);
      await provider.delete(machine.id);
      await provider.delete('nobody');
      await provider.delete('../..');
      if (provider.capabilities.ephemeral) {
        expect(await find(machine.id)).toBeUndefined();
        await expectFailure('not-found', () => provider.start(machine.id));
      } else {
        expect(await find(machine.id)).toEqual(machine);
      }
    });

    it('create after delete gives a fresh machine', async () => {
      const machine = await create('one');
      await says(machine, 'touch old', '');
      await provider.delete(machine.id);
      const again = await create('one');
      if (provider.capabilities.ephemeral) await says(again, 'ls', '');
      else expect(again).toEqual(machine);
    });

    it('create with an aborted signal rejects and leaves nothing that a second create would trip over', async ({
      skip,
    }) => {
      skip(!provider.capabilities.ephemeral, 'makes nothing');
      const request = await subject.request('aborted', { signal: AbortSignal.timeout(subject.held ? 1 : 60) });
      await expect(provider.create(request)).rejects.toMatchObject({ code: 'INTERRUPTED' });
      const machine = await create('aborted');
      await says(machine, 'echo in', 'in\n');
      await provider.delete(machine.id);
    });

    it('create hands user data, size and zone to the IaaS', async ({ skip }) => {
      const { held, zones } = subject;
      skip(!held, 'has no API to read');
      const zone = zones?.[1];
      const request = await subject.request('held', zone === undefined ? {} : { zone });
      const machine = await provider.create(request);
      if (zone !== undefined) expect(machine.zone).toBe(zone);
      const seen = await held?.(machine.id);
      expect(seen).toMatchObject({ vm: 'held', ...(zone === undefined ? {} : { zone }) });
      if (request.size.name !== undefined) expect(seen?.size).toBe(request.size.name);
      expect(seen?.userData).toMatch(/^#cloud-config\n/);
      const config = JSON.parse((seen?.userData ?? '').replace('#cloud-config\n', '')) as UserData;
      expect(config.ssh_keys.ed25519_public).toBe(request.hostKey.publicKey);
      expect(config.ssh_keys.ed25519_private).toBe(request.hostKey.privateKey.reveal());
      expect(config.users.map((user) => user.ssh_authorized_keys)).toEqual([[request.authorizedKey]]);
      await provider.delete(machine.id);
    });

    it('create after a lost answer makes no second machine, and knows the host key of the first', async ({ skip }) => {
      const { faults } = subject;
      skip(!faults, 'cannot be made to fail');
      faults?.loseAnswer();
      const first = await provider.create(await subject.request('lost')).catch((error: unknown) => error);
      const machine = await provider.create(await subject.request('lost'));
      if (!(first instanceof Error)) expect(machine).toEqual(first);
      expect((await provider.list()).filter(({ vm }) => vm === 'lost')).toEqual([machine]);
      if (subject.held) expect((await subject.held(machine.id)).userData).toContain(endpointOf(machine).hostKeys[0]);
      await provider.delete(machine.id);
    });

    for (const failure of ['no-capacity', 'quota'] as const)
      it(`create fails with ${failure} where the IaaS says so`, async ({ skip }) => {
        const { faults } = subject;
        skip(!faults, 'cannot be made to fail');
        faults?.refuseCreate(failure);
        await expectFailure(failure, () => create('refused'));
        expect((await provider.list()).filter(({ vm }) => vm === 'refused')).toEqual([]);
        await provider.delete((await create('refused')).id);
      });

    it('every verb fails with unauthorized where nobody knows us', async ({ skip }) => {
      const { faults } = subject;
      skip(!faults, 'cannot be made to fail');
      const machine = await create('one');
      const back = faults?.lockOut();
      try {
        for (const work of [
          () => provider.list(),
          () => create('nobody'),
          () => provider.stop(machine.id),
          () => provider.start(machine.id),
          () => provider.delete(machine.id),
          () => provider.check(),
        ])
          await expectFailure('unauthorized', work);
      } finally {
        back?.();
      }
      expect(await find(machine.id)).toEqual(machine);
    });

    it('says rate-limited with the time it was told, and a retry keeps to that time', async ({ skip }) => {
      const { faults } = subject;
      skip(!faults?.throttle, 'has no limit of calls');
      faults?.throttle?.(1, 1);
      const error = await provider.list().catch((reason: unknown) => reason);
      // An SDK may keep to the time by itself.
      if (error instanceof Error) expect(error).toMatchObject({ failure: 'rate-limited', retryAfter: 1000 });
      faults?.throttle?.(1, 1);
      const begin = performance.now();
      const policy = { attempts: 3, firstWait: millis(1), longestWait: millis(5000) };
      await decorate(provider, retrying(policy)).list();
      expect(performance.now() - begin).toBeGreaterThan(900);
    });

    it('create gives up in time where no address comes, and a later one takes that machine', async ({ skip }) => {
      const { faults } = subject;
      skip(!faults?.stall, 'cannot be made to stall');
      const begin = performance.now();
      const end = faults?.stall?.();
      let pending: Machine | undefined;
      try {
        const { impatient = provider } = subject;
        await expectFailure('unavailable', async () => impatient.create(await subject.request('slow')));
        expect(performance.now() - begin).toBeLessThan(15_000);
        pending = (await provider.list()).find(({ vm }) => vm === 'slow');
        expect(pending?.state).toBe('pending');
      } finally {
        end?.();
      }
      const machine = await create('slow');
      expect(machine.id).toBe(pending?.id);
      expect(machine.state).toBe('running');
      await provider.delete(machine.id);
    });

    it('list shows machines of all pages, in any state', async ({ skip }) => {
      const { beyondOnePage: count = 0 } = subject;
      skip(count === 0, 'its listings have no pages');
      const names = Array.from({ length: count }, (_, n) => `many-${String(n)}`);
      const made: Machine[] = [];
      for (let at = 0; at < count; at += 10)
        made.push(...(await Promise.all(names.slice(at, at + 10).map(async (vm) => create(vm)))));
      const [first] = made;
      if (provider.capabilities.stop && first) await provider.stop(first.id);
      const seen = (await provider.list()).filter(({ vm }) => vm?.startsWith('many-'));
      expect(seen.map(({ vm }) => vm).toSorted()).toEqual(names.toSorted());
      if (provider.capabilities.stop) expect(seen.filter(({ state }) => state === 'stopped')).toHaveLength(1);
      for (let at = 0; at < count; at += 10)
        await Promise.all(made.slice(at, at + 10).map(async ({ id }) => provider.delete(id)));
      expect((await provider.list()).filter(({ vm }) => vm?.startsWith('many-'))).toEqual([]);
    });

    it('survey finds what is there, and says what is not', async ({ skip }) => {
      const { survey } = provider;
      skip(!survey, 'sells nothing');
      const { size } = await subject.request('one');
      const good = (await survey?.([size])) ?? [];
      expect(good.filter(({ status }) => status === 'failed')).toEqual([]);
      expect(good.map(({ subject: what }) => what)).toEqual(expect.arrayContaining(['credentials', 'image', 'size']));
      const bad = (await survey?.([{ ...size, name: 'no-such-size' }])) ?? [];
      expect(bad.filter(({ status }) => status === 'failed').map(({ subject: what }) => what)).toEqual(['size']);
    });

    it('bake makes an image that a machine can be made of', async ({ skip }) => {
      const { bake } = provider;
      skip(!bake, 'makes no images');
      const machine = await create('one');
      expect(await bake?.(machine.id, 'baked')).toMatch(/./);
      await expectFailure('not-found', async () => bake?.('nobody', 'baked'));
    });
  });
}

interface UserData {
  readonly ssh_keys: { readonly ed25519_public: string; readonly ed25519_private: string };
  readonly users: readonly { readonly ssh_authorized_keys: readonly string[] }[];
}

/** When the machine's init started: changes with each start of the machine. */
const STARTED = `cut -d ' ' -f 22 /proc/1/stat`;

const withoutComment = (key: string): string => key.split(' ').slice(0, 2).join(' ');

function endpointOf(machine: Machine): Endpoint {
  if (!machine.endpoint) throw new Error(`${machine.id} has no endpoint`);
  return machine.endpoint;
}

async function expectFailure(failure: IaasFailure, work: () => Promise<unknown>): Promise<void> {
  const error: unknown = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(IaasError);
  expect((error as IaasError).failure).toBe(failure);
}
