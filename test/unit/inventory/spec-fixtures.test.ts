import { readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSpec } from '../../../src/inventory/load-spec.ts';
import type { StratosError } from '../../../src/model/errors.ts';
import { InvalidSpecError } from '../../../src/model/errors.ts';

/**
 * Each fixtures/specs/invalid/CASE.yaml must be refused with the message in CASE.txt, each valid one must load. A new case is
 * a new file; `UPDATE_FIXTURES=1` writes the messages, which are then to be read.
 */
const fixtures = new URL('../../../fixtures/specs/', import.meta.url).pathname;
const casesOf = (kind: string): string[] =>
  readdirSync(join(fixtures, kind))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.replace(/\.yaml$/, ''));

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stratos-spec-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('loadSpec', () => {
  it.each(casesOf('invalid'))('refuses %s with its message', async (name) => {
    await copyFile(join(fixtures, 'invalid', `${name}.yaml`), join(directory, 'stratos.yaml'));
    const error: unknown = await loadSpec(directory).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidSpecError);
    const text = `${(error as StratosError).message.replaceAll(`${directory}/`, '')}\n`;
    const expected = join(fixtures, 'invalid', `${name}.txt`);
    if (env.UPDATE_FIXTURES) await writeFile(expected, text);
    expect(text).toBe(readFileSync(expected, 'utf8'));

    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it.each(casesOf('valid'))('accepts %s', async (name) => {
    await copyFile(join(fixtures, 'valid', `${name}.yaml`), join(directory, 'stratos.yaml'));
    await copyFile(join(fixtures, 'valid', 'known_hosts'), join(directory, 'known_hosts'));
    await expect(loadSpec(directory)).resolves.toMatchObject({ file: join(directory, 'stratos.yaml') });
  });
});
