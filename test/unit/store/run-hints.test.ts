import { describe, expect, it } from 'vitest';
import { parseCartridgeText } from '../../../src/inventory/cartridge-file.ts';
import { imageConfig } from '../../../src/store/build/image-config.ts';
import type { Base } from '../../../src/store/build/build-base.ts';
import { hintLabels, runValues } from '../../../src/store/run-hints.ts';

const RUN = { argv: [], env: {}, user: '', workingDir: '/', ports: [] };

describe('runValues', () => {
  it('gives a spec what the cartridge file said, by way of the image', () => {
    const yaml = `
name: a
from: { template: busybox }
ports: { admin: 9000, http: 8080 }
health: { path: /up, port: admin }
resources: { memory: 64Mi, cpu: 0.5 }
volumes: { data: /var/lib/a }
`;
    const file = parseCartridgeText(yaml, 'cartridge.yaml');
    const config = { ...RUN, labels: {}, volumes: [], stopSignal: '' };
    const base: Base = { layers: [], history: [], epoch: 1, config, cached: true, material: { uri: 'cartridge:b:1' } };
    const { Labels, ExposedPorts, Volumes } = imageConfig(file, base, []).config ?? {};
    expect(ExposedPorts).toEqual({ '9000/tcp': {}, '8080/tcp': {} });
    expect(Volumes).toEqual({ '/var/lib/a': {} });
    expect(runValues({ run: { ...RUN, ports: [8080, 9000] }, labels: Labels ?? {} })).toEqual({
      ports: { admin: 9000, http: 8080 },
      health: { path: '/up', port: 'admin' },
      resources: { memory: '64Mi', cpu: 0.5 },
      volumes: { data: '/var/lib/a' },
    });
  });

  it('makes names for what an image of others exposes', () => {
    const run = { ...RUN, ports: [443, 8080], volumes: ['/var/lib/mysql/', '/srv/My Data', '/42'] };
    expect(runValues({ run, labels: {} })).toEqual({
      ports: { 'tcp-443': 443, http: 8080 },
      volumes: { mysql: '/var/lib/mysql/', 'my-data': '/srv/My Data', data: '/42' },
    });
  });

  it('leaves out labels of another form', () => {
    const labels = { ...hintLabels({ health: { path: '/' } }), 'io.stratos.ports': '[80]', 'io.stratos.volumes': '{' };
    expect(runValues({ run: RUN, labels })).toEqual({ health: { path: '/' } });
    expect(runValues({ run: RUN, labels: {} })).toEqual({});
  });
});
