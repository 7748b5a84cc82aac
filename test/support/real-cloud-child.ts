#!/usr/bin/env node
/**
 * A cloud for `kind: exec` whose machines are real VMs of this machine, so that SSH, LXC and HTTP after it are real too. Misbehaves as
 * `faults.json` of its directory says, and writes each verb that it is asked for into `asked.log`. A fault that is a number is used
 * up, one that is true stays.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { localProvider } from '../../src/iaas/local/local-provider.ts';
import { Secret } from '../../src/model/secret.ts';
import type { LocalIaasSpec } from '../../src/model/iaas/local.ts';
import type { VmSize } from '../../src/model/vm-size.ts';

interface Request {
  readonly verb: string;
  readonly lineage: string;
  readonly id: string;
  readonly vm: string;
  readonly partition: string;
  readonly size: VmSize;
  readonly zone?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly userData: string;
  readonly authorizedKey: string;
}
type Faults = Record<string, number | boolean>;

const directory = process.env.REAL_CLOUD ?? '';
const spec = JSON.parse(process.env.REAL_CLOUD_SPEC ?? '{}') as LocalIaasSpec;
mkdirSync(join(directory, 'kept'), { recursive: true });
const request = JSON.parse(readFileSync(0, 'utf8')) as Request;
const faultsFile = join(directory, 'faults.json');
const faults = (existsSync(faultsFile) ? JSON.parse(readFileSync(faultsFile, 'utf8')) : {}) as Faults;
appendFileSync(join(directory, 'asked.log'), `${request.verb}\n`);

function use(name: string): boolean {
  const left = faults[name] ?? 0;
  if (left === false || left === 0) return false;
  if (typeof left === 'number') writeFileSync(faultsFile, JSON.stringify({ ...faults, [name]: left - 1 }));
  return true;
}

function answer(result: object): void {
  process.stdout.write(JSON.stringify({ apiVersion: 'stratos.iaas/v1', ...result }));
}

function refuse(failure: string): void {
  answer({ error: { failure, message: 'as told' } });
}

// Machines of the cloud and of the site's own IaaS are told apart by their lineage.
const provider = localProvider(spec, {
  lineage: `${request.lineage}-cloud`,
  env: process.env,
  onStep: () => undefined,
});
const kept = (vm: string): string => join(directory, 'kept', `${vm}.json`);

async function list(): Promise<void> {
  const machines = (await provider.list()).flatMap(({ id, vm = '', state, endpoint }) => {
    if (!existsSync(kept(vm))) return [];
    const { labels, zone } = JSON.parse(readFileSync(kept(vm), 'utf8')) as Pick<Request, 'labels' | 'zone'>;
    const { address, port } = endpoint ?? {};
    return [{ id, state: use('liesStopped') ? 'stopped' : state, labels, zone, address, port }];
  });
  answer({ machines: use('halfPage') ? machines.slice(0, Math.floor(machines.length / 2)) : machines });
}

async function create(): Promise<void> {
  const { vm, partition, size, zone, labels, userData, authorizedKey } = request;
  const { ssh_keys: keys } = JSON.parse(userData.slice(userData.indexOf('\n'))) as {
    readonly ssh_keys: { readonly ed25519_private: string; readonly ed25519_public: string };
  };
  writeFileSync(kept(vm), JSON.stringify({ labels, zone }));
  const hostKey = { privateKey: new Secret(keys.ed25519_private), publicKey: keys.ed25519_public };
  const { id } = await provider.create({ vm, partition, size, hostKey, authorizedKey, taken: [] });
  if (use('loseAnswer')) process.exit(3);
  answer({ id });
}

async function serve(): Promise<void> {
  if (use('slow')) await sleep(3000);
  if (use('throttle')) {
    refuse('rate-limited');
    return;
  }
  switch (request.verb) {
    case 'list':
      await list();
      return;
    case 'create':
      for (const failure of ['no-capacity', 'quota', 'unauthorized'])
        if (use(failure)) {
          refuse(failure);
          return;
        }
      await create();
      return;
    case 'start':
      await provider.start(request.id);
      break;
    case 'stop':
      await provider.stop(request.id);
      break;
    case 'delete':
      await provider.delete(request.id);
      break;
    default:
  }
  answer({});
}

await serve();
