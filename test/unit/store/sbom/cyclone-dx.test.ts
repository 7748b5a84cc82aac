import { Spec } from '@cyclonedx/cyclonedx-library';
import { JsonStrictValidator } from '@cyclonedx/cyclonedx-library/Validation';
import { describe, expect, it } from 'vitest';
import { cycloneDx } from '../../../../src/store/sbom/cyclone-dx.ts';
import type { PackageList } from '../../../../src/store/sbom/list-packages.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const list: PackageList = {
  distribution: { id: 'debian', version: '12' },
  packages: [
    { kind: 'deb', name: 'libc6', version: '2.36-9', architecture: 'amd64', source: 'glibc' },
    { kind: 'npm', name: '@scope/thing', version: '1.0.0', licence: 'MIT OR Apache-2.0' },
    { kind: 'npm', name: '<odd> "name"', version: '1 \u0007', licence: 'see file' },
  ],
};
const write = (digest = DIGEST, more: PackageList = list): string =>
  cycloneDx({ reference: 'team/php:8.2', image: { digest, created: '2026-05-01T10:00:00Z' }, tool: '1.2.3' }, more);

describe('cycloneDx', () => {
  it.each([
    ['some packages', list],
    ['none', { packages: [] }],
  ])('of %s is valid by the schema of CycloneDX 1.6', async (_what, packages) => {
    expect(await new JsonStrictValidator(Spec.Version.v1dot6).validate(write(DIGEST, packages))).toBeNull();
  });

  it('names image, distribution and packages', () => {
    const document = JSON.parse(write()) as { components: { purl?: string; name: string; group?: string }[] };
    expect(document).toMatchObject({
      ...{ bomFormat: 'CycloneDX', specVersion: '1.6' },
      metadata: {
        component: { type: 'container', name: 'team/php', version: DIGEST },
        timestamp: '2026-05-01T10:00:00.000Z',
      },
    });
    const purls = document.components.map(({ purl }) => purl);
    expect(purls).toContain('pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12');
    expect(document.components).toContainEqual(expect.objectContaining({ group: '@scope', name: 'thing' }));
  });

  it('of the same image is the same text, of another one another', () => {
    expect(write()).toBe(write());
    const serial = (text: string) => (JSON.parse(text) as { serialNumber: string }).serialNumber;
    expect(serial(write())).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(serial(write(`sha256:${'f'.repeat(64)}`))).not.toBe(serial(write()));
  });
});
