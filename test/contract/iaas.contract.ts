/** What every IaaS adapter must do, whatever it drives. A new adapter is done when this suite passes on it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IaasProvider, MachineRequest } from '../../src/iaas/provider.ts';
import type { Endpoint } from '../../src/model/endpoint.ts';
import { IaasError, type IaasFailure } from '../../src/model/errors.ts';
import type { Machine } from '../../src/model/observation.ts';

/** One adapter with room for two machines at least, and what a test needs around it. */
export interface IaasSubject extends AsyncDisposable {
  readonly provider: IaasProvider;
  /** The same IaaS, used by another project; undefined where machines carry no lineage. */
  readonly other?: IaasProvider;
  readonly request: (vm: string, change?: Partial<MachineRequest>) => Promise<MachineRequest>;
  /** Runs a shell line by SSH; rejects on an unknown host key. */
  readonly ssh: (endpoint: Endpoint, line: string) => Promise<string>;
  /** What a restart of the machine that the IaaS runs on does to it; undefined where there is none to restart. */
  readonly restart?: () => Promise<void>;
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
        expect(endpointOf(machine).hostKeys).toEqual([request.hostKey.publicKey]);
    });

    it('create gives a machine whose first SSH connection is verified', async () => {
      const machine = await create('one');
      expect(await subject.ssh(endpointOf(machine), 'echo in; id -u')).toBe('in\n0\n');
      const stranger = { ...endpointOf(machine), hostKeys: [(await subject.request('stranger')).hostKey.publicKey] };
      await expect(subject.ssh(stranger, 'true')).rejects.toThrow(/host key/i);
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
      expect(await subject.ssh(endpointOf(two), 'echo two')).toBe('two\n');
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
      const { vm, partition, size } = request;
      expect(await find(machine.id)).toMatchObject({ vm, partition, size, state: 'running' });
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
      expect(await subject.ssh(endpointOf(ours), 'echo still')).toBe('still\n');
    });

    it('start has no effect on a running machine', async () => {
      const machine = await create('one');
      const before = await subject.ssh(endpointOf(machine), STARTED);
      expect(await provider.start(machine.id)).toEqual(machine);
      expect(await subject.ssh(endpointOf(machine), STARTED)).toBe(before);
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
      await subject.ssh(endpointOf(machine), 'echo kept > /root/kept; echo data > /var/lib/stratos/kept; sync');
      await provider.stop(machine.id);
      expect((await find(machine.id))?.state).toBe('stopped');
      await provider.stop(machine.id);
      expect(await provider.start(machine.id)).toEqual(machine);
      expect(await subject.ssh(endpointOf(machine), 'cat /root/kept /var/lib/stratos/kept')).toBe('kept\ndata\n');
    });

    it('start brings a machine back after a restart of what it runs on', async ({ skip }) => {
      const { restart } = subject;
      skip(!restart, 'nothing to restart');
      const machine = await create('one');
      await subject.ssh(endpointOf(machine), 'echo survived > /var/lib/stratos/survived; sync');
      await restart?.();
      expect(await find(machine.id)).toEqual({ ...machine, state: 'stopped' });
      expect(await provider.start(machine.id)).toEqual(machine);
      expect(await subject.ssh(endpointOf(machine), 'cat /var/lib/stratos/survived')).toBe('survived\n');
    });

    it('create brings a stopped machine back', async ({ skip }) => {
      const { restart } = subject;
      skip(!restart, 'nothing to restart');
      const machine = await create('one');
      await restart?.();
      expect(await create('one')).toEqual(machine);
      expect(await subject.ssh(endpointOf(machine), 'echo back')).toBe('back\n');
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
      await subject.ssh(endpointOf(machine), 'touch /root/old');
      await provider.delete(machine.id);
      const again = await create('one');
      if (provider.capabilities.ephemeral) expect(await subject.ssh(endpointOf(again), 'ls /root')).toBe('');
      else expect(again).toEqual(machine);
    });

    it('create with an aborted signal rejects and leaves nothing that a second create would trip over', async ({
      skip,
    }) => {
      skip(!provider.capabilities.ephemeral, 'makes nothing');
      const request = await subject.request('aborted', { signal: AbortSignal.timeout(60) });
      await expect(provider.create(request)).rejects.toMatchObject({ code: 'INTERRUPTED' });
      const machine = await create('aborted');
      expect(await subject.ssh(endpointOf(machine), 'echo in')).toBe('in\n');
      await provider.delete(machine.id);
    });
  });
}

/** When the machine's init started: changes with each start of the machine. */
const STARTED = `cut -d ' ' -f 22 /proc/1/stat`;

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
