import { describe, expect, it } from 'vitest';
import { parseCartridgeText } from '../../../src/inventory/cartridge-file.ts';
import { InvalidSpecError } from '../../../src/model/errors.ts';
import type { SpecProblem } from '../../../src/model/errors.ts';

const parse = (text: string): ReturnType<typeof parseCartridgeText> => parseCartridgeText(text, 'cartridge.yaml');

function problemsOf(text: string): readonly SpecProblem[] {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof InvalidSpecError) return error.problems;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('parseCartridgeText', () => {
  it('reads every field', () => {
    const text = `
name: team/php
version: 8.10
from: { debootstrap: bookworm, variant: minbase, include: [ca-certificates] }
packages: [apache2, "php8.2=8.2.1-1~deb12u1"]
files:
  - { from: conf, to: /etc/app/, mode: 0640, owner: www-data:adm }
run: [echo 1]
entrypoint: [/bin/serve]
cmd: [-p, 80]
env: { A: 1, B: true, C: text }
user: 1000:1000
workingDir: /app
ports: [80, 443]
labels: { org.example.team: web }
`;
    expect(parse(text)).toEqual({
      name: 'team/php',
      version: '8.10',
      from: { kind: 'debootstrap', suite: 'bookworm', variant: 'minbase', include: ['ca-certificates'] },
      packages: ['apache2', 'php8.2=8.2.1-1~deb12u1'],
      copy: [{ from: 'conf', to: '/etc/app/', mode: 0o640, owner: 'www-data:adm' }],
      run: ['echo 1'],
      entrypoint: ['/bin/serve'],
      cmd: ['-p', '80'],
      env: { A: '1', B: 'true', C: 'text' },
      user: '1000:1000',
      workingDir: '/app',
      ports: [80, 443],
      hints: {},
      stopSignal: '',
      labels: { 'org.example.team': 'web' },
    });
  });

  it('reads how an image wants to be run, in the form of stratos.yaml', () => {
    const file = parse(`
name: a
from: { template: busybox }
copy: [{ from: x, to: /x }]
entry: [/x]
ports: { http: 8080, admin: 9000 }
health: { path: /up, port: admin, startup: 90s }
resources: { memory: 512Mi, cpu: 0.5, pids: 64 }
volumes: { data: /var/lib/a }
stopSignal: SIGQUIT
`);
    expect(file.entrypoint).toEqual(['/x']);
    expect(file.ports).toEqual([8080, 9000]);
    expect(file.stopSignal).toBe('SIGQUIT');
    expect(file.hints).toEqual({
      ports: { http: 8080, admin: 9000 },
      health: { path: '/up', port: 'admin', startup: '90s' },
      resources: { memory: '512Mi', cpu: 0.5, pids: 64 },
      volumes: { data: '/var/lib/a' },
    });
  });

  it('fills in defaults', () => {
    expect(parse('name: a\nfrom: { template: busybox }\n')).toMatchObject({
      version: 'latest',
      from: { kind: 'template', template: 'busybox', args: [] },
      packages: [],
      user: '',
      workingDir: '/',
    });
  });

  it('says where an unknown key stands and what was meant', () => {
    const [problem] = problemsOf('name: a\nfrom: { template: busybox }\npackage: [x]\n');
    expect(problem).toMatchObject({
      message: 'unknown key: package',
      path: 'package',
      position: { file: 'cartridge.yaml', line: 3, column: 10 },
      suggestion: 'packages',
    });
  });

  it('reports every problem at once', () => {
    const text =
      'name: A B\nfrom: { debootstrap: bookworm, cartridge: x }\nports: [0, x]\nfiles: [{ from: ../x, to: rel, mode: 9 }]\n';
    expect(problemsOf(text).map((problem) => problem.path)).toEqual([
      'ports.0',
      'ports.1',
      'from',
      'files.0.to',
      'files.0.from',
      'files.0.mode',
      'name',
    ]);
  });

  it.each([
    ['', /mapping/],
    ['- a', /mapping/],
    ['name: a', /from is missing/],
    ['from: { template: busybox }', /name is missing/],
    ['name: a\nfrom: {}', /exactly one/],
    ['name: a\nfrom: { template: ../../bin/sh }', /LXC template/],
    ['name: a\nfrom: { debootstrap: "$(touch /tmp/x)" }', /suite/],
    ['name: a\nfrom: { debootstrap: bookworm, args: [x] }', /unknown key: args/],
    ['name: a\nfrom: { template: busybox }\npackages: ["a; rm -rf /"]', /package is named/],
    ['name: a\nfrom: { template: busybox }\npackages: ["--allow-unauthenticated"]', /package is named/],
    ['name: a\nfrom: { template: busybox }\nenv: { "A B": x }', /wrong form/],
    ['name: a\nfrom: { template: busybox }\nworkingDir: app', /absolute/],
    ['name: a\nfrom: { template: busybox }\nfiles: []\ncopy: []', /another name of copy/],
    ['name: a\nfrom: { template: busybox }\nports: { HTTP: 80 }', /port's name/],
    ['name: a\nfrom: { template: busybox }\nports: { http: 80 }\nhealth: { port: web }', /name of one of ports: web/],
    ['name: a\nfrom: { template: busybox }\nhealth: { path: up }', /begins with \//],
    ['name: a\nfrom: { template: busybox }\nhealth: { interval: soon }', /duration/],
    ['name: a\nfrom: { template: busybox }\nhealth: { intervall: 1s }', /unknown key: intervall/],
    ['name: a\nfrom: { template: busybox }\nresources: { memory: much }', /size such as/],
    ['name: a\nfrom: { template: busybox }\nvolumes: { data: relative }', /absolute path/],
    ['name: a\nfrom: { template: busybox }\nstopSignal: kill -9', /signal such as/],
    ['name: a\n  from: [', /./],
  ])('refuses %j', (text, message) => {
    expect(
      problemsOf(text)
        .map((problem) => problem.message)
        .join('\n'),
    ).toMatch(message);
  });
});
