import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSpec } from '../../../src/inventory/load-spec.ts';
import { tempDir } from './temp-dir.ts';

const fixture = new URL('../../../fixtures/specs/valid/gce.yaml', import.meta.url).pathname;

describe('gce', () => {
  it('fills in what Google has by custom, and reads every key', async () => {
    const directory = await tempDir();
    await copyFile(fixture, join(directory, 'stratos.yaml'));
    const { iaas } = await loadSpec(directory);
    expect(iaas.plain).toEqual({
      kind: 'gce',
      name: 'plain',
      user: 'stratos',
      timeout: 600_000,
      concurrency: 32,
      project: 'shop-production',
      zones: ['europe-west1-b'],
      image: { kind: 'family', project: 'ubuntu-os-cloud', family: 'ubuntu-2404-lts-amd64' },
      family: 'e2',
      custom: false,
      spot: false,
      network: 'default',
      externalAddress: true,
      networkTags: [],
      scopes: ['https://www.googleapis.com/auth/cloud-platform'],
      disk: { type: 'pd-balanced' },
      labels: {},
      endpoint: 'https://compute.googleapis.com/compute/v1',
    });
    expect(iaas.rich).toMatchObject({
      // A family of one's own is in one's own project.
      image: { kind: 'family', project: 'shop-production', family: 'stratos-web' },
      disk: { type: 'pd-ssd', size: 20 * 2 ** 30 },
      credentials: { kind: 'file', path: join(directory, 'secrets/google.json') },
    });
    expect(iaas.baked).toMatchObject({ image: { kind: 'image', name: 'stratos-web-1' } });
  });
});
