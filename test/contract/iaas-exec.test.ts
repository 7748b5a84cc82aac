/** The contract, on `exec` with the sample executable; and what only an executable can do wrong. */
import { describe, expect, it } from 'vitest';
import { bytes, cores, millis } from '../../src/model/quantity.ts';
import { managedSampleCloud, sampleCloud } from '../support/sample-cloud.ts';
import { iaasContract } from './iaas.contract.ts';

iaasContract('exec', sampleCloud);

describe('exec', () => {
  it('makes machines of the image of its entry, such as one that it baked', async () => {
    await using cloud = await sampleCloud();
    const { execProvider } = await import('../../src/iaas/exec/exec-provider.ts');
    const context = { lineage: 'one', env: process.env, onStep: () => undefined };
    const { id } = await cloud.provider.create(await cloud.request('web-1'));
    expect((await cloud.held?.(id))?.image).toBeUndefined();
    const image = (await cloud.provider.bake?.(id, 'web')) ?? '';
    const next = execProvider({ ...cloud.spec, image }, context);
    const made = await next.create(await cloud.request('web-2'));
    expect((await cloud.held?.(made.id))?.image).toBe(image);
    const guest = { image: 'windows-2022', process: { name: 'shop-1', fingerprint: '0123456789abcdef' } };
    const process_ = await next.create(await cloud.request('win-1', { guest }));
    expect((await cloud.held?.(process_.id))?.image).toBe('windows-2022');
  });

  it('says that an executable without the verb bakes nothing', async () => {
    await using cloud = await sampleCloud();
    const { execProvider } = await import('../../src/iaas/exec/exec-provider.ts');
    const { id } = await cloud.provider.create(await cloud.request('web-1'));
    const [node = '', script = ''] = cloud.spec.command;
    const old = `case "$0" in bake) echo '{"apiVersion":"stratos.iaas/v1","error":{"failure":"invalid","message":"unknown verb bake"}}';; *) exec ${node} ${script} "$0";; esac`;
    const context = { lineage: 'one', env: process.env, onStep: () => undefined };
    const provider = execProvider({ ...cloud.spec, command: ['sh', '-c', old] }, context);
    await expect(provider.bake?.(id, 'web')).rejects.toMatchObject({
      failure: 'invalid',
      message: expect.stringContaining('unknown verb bake') as string,
    });
  });

  it('surveys by the executable, which need not have the verb', async () => {
    await using cloud = await sampleCloud();
    const { execProvider } = await import('../../src/iaas/exec/exec-provider.ts');
    const context = { lineage: 'one', env: process.env, onStep: () => undefined };
    const size = { cpu: cores(2), memory: bytes(2 ** 31) };
    const told = async (command: readonly string[]) =>
      execProvider({ ...cloud.spec, command }, context).survey?.([size]);
    expect(await told(cloud.spec.command)).toEqual([
      { subject: 'credentials', status: 'ok', detail: 'the directory is there' },
      { subject: 'quota', status: 'ok', detail: '0 of 100 machines are there' },
      { subject: 'image', status: 'ok', detail: 'its own image can be had' },
      { subject: 'size', status: 'ok', detail: '2 CPUs can be had' },
    ]);
    const saying = (answer: object): readonly string[] => [
      'sh',
      '-c',
      `cat >/dev/null; echo '${JSON.stringify({ apiVersion: 'stratos.iaas/v1', ...answer })}'`,
    ];
    expect(await told(saying({ error: { failure: 'invalid', message: 'unknown verb survey' } }))).toEqual([]);
    for (const [answer, why] of [
      [{}, 'the answer has no list of findings'],
      [{ findings: [{ subject: 'weather', status: 'ok', detail: '' }] }, 'the subject of a finding is none of'],
      [{ findings: [{ subject: 'quota', status: 'fine', detail: '' }] }, 'the status of a finding is none of'],
      [{ error: { failure: 'unauthorized', message: 'who are you' } }, 'who are you'],
    ] as const)
      expect(await told(saying(answer))).toEqual([
        { subject: 'credentials', status: 'failed', detail: expect.stringContaining(why) as string },
      ]);
  });

  it('is limited and repeated as every cloud', async () => {
    await using cloud = await sampleCloud();
    const provider = await managedSampleCloud(cloud.spec, 'one');
    cloud.faults?.throttle?.(2);
    expect(await provider.list()).toEqual([]);
  });

  it.each([
    [['true'], 'the executable prints no JSON'],
    [['sh', '-c', 'echo "[]"'], 'the executable prints no JSON object'],
    [['sh', '-c', 'echo "{\\"apiVersion\\":\\"v0\\"}"'], 'the executable does not speak stratos.iaas/v1'],
    [['sh', '-c', 'echo no room >&2; exit 3'], 'ends with 3: no room'],
    [['/no/such'], 'the executable cannot be started: /no/such'],
    [['sh', '-c', 'sleep 9'], 'takes too long'],
  ])('says what is wrong with %j', async (command, message) => {
    await using cloud = await sampleCloud();
    const { execProvider } = await import('../../src/iaas/exec/exec-provider.ts');
    const context = { lineage: 'one', env: process.env, onStep: () => undefined };
    const timeout = message === 'takes too long' ? millis(500) : cloud.spec.timeout;
    await expect(execProvider({ ...cloud.spec, command, timeout }, context).list()).rejects.toThrow(message);
  });

  it('hides the shell’s variables and hands over those of the spec', async () => {
    await using cloud = await sampleCloud();
    const { execProvider } = await import('../../src/iaas/exec/exec-provider.ts');
    const steps: string[] = [];
    const command = [
      'sh',
      '-c',
      'echo "$TOKEN-$HIDDEN" >&2; echo "{\\"apiVersion\\":\\"stratos.iaas/v1\\",\\"machines\\":[]}"',
    ];
    const env = { TOKEN: { kind: 'env', variable: 'CLOUD' } } as const;
    const context = {
      lineage: 'one',
      env: { ...process.env, CLOUD: 't', HIDDEN: 'h' },
      onStep: (step: string) => steps.push(step),
    };
    await execProvider({ ...cloud.spec, command, env }, context).list();
    expect(steps).toEqual(['ours: t-']);
  });
});
