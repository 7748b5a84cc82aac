import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSpec } from '../../../src/inventory/load-spec.ts';
import { tempDir } from './temp-dir.ts';

const fixture = new URL('../../../fixtures/specs/valid/azure.yaml', import.meta.url).pathname;

describe('azure', () => {
  it('fills in what Azure has by custom, and reads every key', async () => {
    const directory = await tempDir();
    await copyFile(fixture, join(directory, 'stratos.yaml'));
    const { iaas } = await loadSpec(directory);
    expect(iaas.plain).toEqual({
      kind: 'azure',
      name: 'plain',
      user: 'stratos',
      timeout: 600_000,
      concurrency: 32,
      subscription: '11111111-2222-3333-4444-555555555555',
      resourceGroup: 'stratos',
      location: 'westeurope',
      zones: [],
      image: 'Canonical:ubuntu-24_04-lts:server:latest',
      family: 'D',
      spot: false,
      network: 'stratos-net',
      subnet: 'default',
      publicAddress: true,
      disk: { type: 'StandardSSD_LRS' },
      tags: {},
      endpoint: 'https://management.azure.com',
    });
    expect(iaas.rich).toMatchObject({
      zones: ['1', '2'],
      disk: { type: 'Premium_LRS', size: 64 * 2 ** 30 },
      tags: { 'Cost Centre': '4711' },
      credentials: { secret: { kind: 'keyring', attributes: { service: 'azure' } } },
      ca: join(directory, 'certificates/ours.crt'),
    });
  });
});
