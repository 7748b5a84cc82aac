import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSpec } from '../../../src/inventory/load-spec.ts';
import { InvalidSpecError } from '../../../src/model/errors.ts';
import { IAAS_KINDS } from '../../../src/inventory/schema/iaas.ts';
import { tempDir } from './temp-dir.ts';

const kinds = Object.values(IAAS_KINDS).map(({ properties }) => String(properties?.kind?.const));

describe('loadSpec', () => {
  it('names all kinds of IaaS where one is none of them, and the nearest', async () => {
    const directory = await tempDir();
    const line = 'iaas: { lab: { kind: lokal }, cloud: { kind: azur }, other: { kind: vax } }';
    await writeFile(join(directory, 'stratos.yaml'), `apiVersion: stratos/v1\n${line}\n`);
    const error: unknown = await loadSpec(directory).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidSpecError);
    const all = kinds.join(', ');
    expect((error as InvalidSpecError).problems.map(({ message, suggestion }) => [message, suggestion])).toEqual([
      [`iaas.lab.kind must be one of ${all}: "lokal"`, 'local'],
      [`iaas.cloud.kind must be one of ${all}: "azur"`, 'azure'],
      [`iaas.other.kind must be one of ${all}: "vax"`, undefined],
    ]);
  });
});
