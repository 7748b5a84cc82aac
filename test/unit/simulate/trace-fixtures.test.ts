import { readFile, writeFile } from 'node:fs/promises';
import { env } from 'node:process';
import { describe, expect, it } from 'vitest';
import { readTrace } from '../../../src/inventory/trace-file.ts';
import { millis } from '../../../src/model/quantity.ts';
import { SHAPES, shapeTrace } from '../../../src/simulate/shapes.ts';

/** The shapes are also files, for those who want to look at them or to change them; `UPDATE_FIXTURES=1` writes them. */
const folder = new URL('../../../fixtures/traces/', import.meta.url).pathname;
const HOUR = 3_600_000;

describe('fixtures/traces', () => {
  it.each(SHAPES)('%s.csv is what the shape makes', async (shape) => {
    const trace = shapeTrace(shape, { base: 10, peak: 100, duration: millis(24 * HOUR), step: millis(60_000) });
    const lines = trace.times.map(
      (time, at) => `${String(time / 1000)},${String(Number(trace.columns.requestsPerSecond?.[at]?.toFixed(3)))}`,
    );
    const text = `time,requestsPerSecond\n${lines.join('\n')}\n`;
    const path = `${folder}${shape}.csv`;
    if (env.UPDATE_FIXTURES) await writeFile(path, text);
    expect(await readFile(path, 'utf8')).toBe(text);
    const read = await readTrace(path);
    expect(read['']?.times).toEqual(trace.times);
  });

  it('nasa-1995-07-13.csv is a day of all its 134,203 requests', async () => {
    const trace = (await readTrace(`${folder}nasa-1995-07-13.csv`))[''];
    expect(trace?.start).toBe(Date.UTC(1995, 6, 13));
    expect(trace?.times).toHaveLength(1440);
    const total = (trace?.columns.requestsPerSecond ?? []).reduce((sum, rate) => sum + rate * 60, 0);
    expect(total / 134_203).toBeCloseTo(1, 2);
  });
});
