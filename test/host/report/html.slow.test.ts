import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instant, millis } from '../../../src/model/quantity.ts';
import type { SimulationOutcome } from '../../../src/reconcile/simulation.ts';
import { historyPage } from '../../../src/report/html/history-page.ts';
import { htmlPage } from '../../../src/report/html/page.ts';
import { simulationPage } from '../../../src/report/html/simulation-page.ts';
import { serviceModel } from '../../../src/simulate/service-model.ts';
import { simulate } from '../../../src/simulate/simulate.ts';
import { shapeTrace } from '../../../src/simulate/shapes.ts';
import { aSpec } from '../../support/builders.ts';

/** Debian's browser, which scripts/setup.sh installs, or one that is there. */
const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const isDebian = existsSync('/etc/debian_version') && !existsSync('/etc/lsb-release');

let browser: Browser;
let directory: string;

describe.skipIf(browserPath === undefined && !isDebian)('the page in a browser', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stratos-page-'));
    browser = await chromium.launch({ executablePath: browserPath ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser.close();
    await rm(directory, { recursive: true, force: true });
  });

  it.each(['light', 'dark'] as const)('draws a comparison, %s, from itself alone', async (scheme) => {
    const { page, complaints, close } = await open(htmlPage(simulationPage(outcome())), scheme);
    expect(await page.title()).toBe('Simulation: busy and calm');
    expect(await page.locator('html').getAttribute('data-drawn')).toBe('5');
    expect(await page.locator('figure canvas').count()).toBe(5);
    // A curve is there when pixels of its colour are; the light and the dark page have their own.
    const ink = await page.evaluate<string[]>(COLOURS);
    expect(ink).toContain(scheme === 'light' ? '#0969da' : '#58a6ff');
    const [back, text] = await page.evaluate<string[]>(
      '[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]',
    );
    expect(contrast(back ?? '', text ?? '')).toBeGreaterThan(7);
    expect(await page.locator('.scroll table').innerText()).toMatch(/process-hours\s+\d/);
    expect(complaints).toEqual([]);
    await close();
  });

  it('shows the numbers below the pointer in all charts at once', async () => {
    const { page, close } = await open(htmlPage(simulationPage(outcome())), 'light');
    const over = await page.locator('figure .u-over').first().boundingBox();
    if (!over) throw new Error('no chart');
    await page.mouse.move(over.x + over.width / 2, over.y + over.height / 2);
    const legends = await page.locator('figure .u-legend').allInnerTexts();
    for (const legend of legends) expect(legend).toMatch(/2026-01-05 1[12]:/);
    // The day is at its height at noon.
    expect(legends[0]).toMatch(/requests\/s\s*(39\d|400)/);
    await close();
  });

  it('fits a narrow window and takes names as text', async () => {
    const result = outcome();
    const [first] = result.results;
    if (!first) throw new Error('no result');
    const name = '<img src=x onerror=document.title="owned"></script>';
    const series = { '': first.series[''], [name]: first.series[''], b: first.series[''] } as typeof first.series;
    const { page, complaints, close } = await open(
      htmlPage(simulationPage({ ...result, results: [{ ...first, series }] })),
      'light',
      420,
    );
    expect(await page.locator('h2').allInnerTexts()).toEqual(['All together', name, 'b']);
    expect(await page.title()).toBe('Simulation');
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(420);
    expect(complaints).toEqual([]);
    await close();
  });

  it('draws history with its gaps', async () => {
    const at = (minute: number) => instant(Date.UTC(2026, 0, 5) + minute * 60_000);
    const samples = [0, 1, 2, 3, 60, 61, 62].map((minute) => ({
      at: at(minute),
      count: 2,
      sums: { requestsPerSecond: 10, cpu: 1 },
    }));
    const { page, complaints, close } = await open(htmlPage(historyPage({ shop: samples }, at(0), at(70))), 'light');
    expect(await page.locator('figcaption').allInnerTexts()).toEqual([
      'Load requests/s',
      'Processes ready and awake',
      'CPU and memory % of the limit of one process',
    ]);
    const values = await page.evaluate<unknown>(
      "JSON.parse(document.getElementById('data').textContent)[0].lines[0].values",
    );
    expect(values).toEqual([10, 10, 10, 10, null, 10, 10, 10]);
    expect(complaints).toEqual([]);
    await close();
  });
});

/** Opens a page from a file, without a network; `complaints` is what the browser has against it, and what it asked for. */
async function open(html: string, colorScheme: 'light' | 'dark', width = 1100) {
  const file = join(directory, `${String(Math.round(performance.now() * 1000))}.html`);
  await writeFile(file, html);
  const context = await browser.newContext({ offline: true, colorScheme, viewport: { width, height: 900 } });
  const page: Page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (request.url() !== `file://${file}`) complaints.push(request.url());
  });
  await page.goto(`file://${file}`);
  return { page, complaints, close: () => context.close() };
}

/** Colours that the first canvas has, as #rrggbb. Runs in the browser. */
const COLOURS = `(() => {
  const canvas = document.querySelector('figure canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const found = new Set();
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] === 255)
      found.add('#' + [...data.slice(at, at + 3)].map((part) => part.toString(16).padStart(2, '0')).join(''));
  return [...found];
})()`;

/** Contrast ratio of two colours, as WCAG 2 defines it. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string): number => {
    const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
      const value = Number(part) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function outcome(): SimulationOutcome {
  const day = 86_400_000;
  const of = (name: string, target: number) => {
    const spec = aSpec({
      subscriptions: { shop: { min: 1, max: 20, port: 80, target: { requestsInFlight: target } } },
    });
    return simulate({
      name,
      spec,
      start: instant(Date.UTC(2026, 0, 5)),
      duration: millis(day),
      step: millis(60_000),
      every: millis(60_000),
      traces: { shop: shapeTrace('day', { base: 40, peak: 400, duration: millis(day), step: millis(60_000) }) },
      services: {},
      delays: { boot: millis(60_000), start: millis(2000), thaw: millis(2), wake: millis(40) },
    });
  };
  const spec = aSpec().subscriptions.shop;
  if (!spec) throw new Error('no shop');
  return {
    results: [of('busy', 9), of('calm', 5)],
    loads: { shop: 'day' },
    services: { shop: serviceModel(spec.scaling) },
    every: millis(60_000),
  };
}
