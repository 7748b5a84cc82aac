#!/usr/bin/env node
/** The sample cloud, misbehaving as the file `faults.json` of its directory says. Each count is used up. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const verb = process.argv.at(-1);
const path = join(process.env.SAMPLE_CLOUD, 'faults.json');
const faults = JSON.parse(readFileSync(path, 'utf8'));
const input = readFileSync(0);
const use = (name) => {
  if (!faults[name]) return false;
  if (typeof faults[name] === 'number') faults[name] -= 1;
  writeFileSync(path, JSON.stringify(faults));
  return true;
};
const refuse = (failure, more = {}) => {
  process.stdout.write(
    JSON.stringify({ apiVersion: 'stratos.iaas/v1', error: { failure, message: 'as told', ...more } }),
  );
  process.exit(0);
};
if (faults.lockedOut) refuse('unauthorized');
if (use('throttle')) refuse('rate-limited', { retryAfterSeconds: faults.retryAfter });
if (verb === 'create' && use('no-capacity')) refuse('no-capacity');
if (verb === 'create' && use('quota')) refuse('quota');
const sample = fileURLToPath(new URL('../../fixtures/iaas/sample-cloud', import.meta.url));
const { stdout, stderr } = spawnSync(sample, [verb], { input });
if (verb === 'create' && use('loseAnswer')) process.exit(3);
process.stderr.write(stderr);
const answer = JSON.parse(stdout);
if (faults.stall && answer.machines)
  for (const machine of answer.machines)
    if (machine.labels['stratos-vm'] === 'slow') Object.assign(machine, { state: 'pending', address: undefined });
process.stdout.write(JSON.stringify(answer));
