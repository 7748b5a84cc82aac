import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTrace, readTrace } from '../../../src/inventory/trace-file.ts';
import { tempDir } from './temp-dir.ts';

const parse = (text: string) => parseTrace('load.csv', 'load.csv', text);

describe('parseTrace', () => {
  it('reads seconds, comments, quotes and empty fields', async () => {
    const text = '\uFEFF# made by hand\ntime, requestsPerSecond ,cpu\n10,1.5,0.2\n"20",,0.4\n\n30,3,\n';
    expect(await parse(text)).toEqual({
      '': {
        name: 'load.csv',
        times: [0, 10_000, 20_000],
        columns: { requestsPerSecond: [1.5, 1.5, 3], cpu: [0.2, 0.4, 0.4] },
      },
    });
  });

  it('reads dates, and a load for each alias', async () => {
    const text = [
      'time,alias,requestsInFlight',
      '2026-01-05T08:00Z,shop,1',
      '2026-01-05T08:00Z,blog,2',
      '2026-01-05T08:01Z,shop,3',
    ].join('\n');
    const { shop, blog } = await parse(text);
    expect(shop).toMatchObject({
      start: Date.UTC(2026, 0, 5, 8),
      times: [0, 60_000],
      columns: { requestsInFlight: [1, 3] },
    });
    expect(blog?.times).toEqual([0]);
  });

  it.each([
    ['', 'it is empty: load.csv:1'],
    ['time,requestsPerSecond\n', 'it has no line of values: load.csv:1'],
    ['when,requestsPerSecond\n0,1\n', 'its first line has no column "time": load.csv:1'],
    ['time\n0\n', 'it has no column of a signal, such as requestsPerSecond: load.csv:1'],
    ['time,cpu\n0,1\n', 'it has neither a column requestsPerSecond nor one requestsInFlight: load.csv:1'],
    ['time,requestsPerSecond,requestsPerSecond\n0,1,2\n', 'it has two columns "requestsPerSecond": load.csv:1'],
    ['time,requestsPerSecond\n0,1\n5,many\n', 'requestsPerSecond is not a number of 0 or more ("many"): load.csv:3'],
    ['time,requestsPerSecond\n0,-1\n', 'requestsPerSecond is not a number of 0 or more ("-1"): load.csv:2'],
    ['time,requestsPerSecond\nsoon,1\n', 'its time is neither seconds nor ISO 8601 ("soon"): load.csv:2'],
    ['time,requestsPerSecond\n5,1\n5,1\n', 'its times do not rise ("5"): load.csv:3'],
    [
      'time,requestsPerSecond\n5,1\n2026-01-05T08:00Z,1\n',
      'some of its times are seconds and some are dates: load.csv:3',
    ],
    ['time,alias,requestsPerSecond\n5,,1\n', 'a line has no alias: load.csv:2'],
    ['time,requestsPerSecond\n5,1,2\n', 'it is not CSV (Invalid Record Length): load.csv:2'],
  ])('refuses %j', async (text, reason) => {
    await expect(parse(text)).rejects.toMatchObject({
      code: 'PROJECT_FILE',
      message: `Cannot read the trace as ${reason}`,
    });
  });

  it('says when there is no such file', async () => {
    const path = join(await tempDir(), 'none.csv');
    await expect(readTrace(path)).rejects.toThrow(`Cannot read the trace as there is no such file: ${path}`);
  });
});
