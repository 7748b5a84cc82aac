/**
 * Traffic through a gateway: requests per second, and requests lost while the configuration changes under them. Servers and
 * clients are on this machine, the gateway is on a VM made for it: `npx node bench/traffic.ts [reloads, default 50]`.
 */
import './shell-text.ts';

const { aService, gatewayLab, webServer } = await import('../test/support/gateway-lab.ts');
const { startLoad } = await import('../test/support/http-load.ts');

const reloads = Number(process.argv[2] ?? 50);
const CLIENTS = 8;
/** As long as the reloads take, but for the rows without any. */
const SECONDS = 5;

const loads = [
  { name: 'kept connections', keepAlive: true },
  { name: 'new connections', keepAlive: false },
  { name: 'kept, pauses up to 0.5 s', keepAlive: true, pause: 500 },
  { name: 'kept, POST', keepAlive: true, method: 'POST' as const },
];

await using lab = await gatewayLab();
await using one = await webServer(lab.here, 'shop-1');
await using two = await webServer(lab.here, 'shop-2');
await using three = await webServer(lab.here, 'shop-3');
const rotations = [
  [one, two],
  [one, two, three],
  [two, three],
  [one, three],
];
await lab.serve([aService([one, two])]);

const rows: (Record<string, string | number> & { readonly lost: number })[] = [];
for (const { name, ...load } of loads) {
  for (const changes of [0, reloads]) {
    const { stop } = startLoad({ url: `http://${lab.address()}:8080/`, clients: CLIENTS, ...load });
    const times: number[] = [];
    for (let n = 0; n < changes; n++) {
      const result = await lab.serve([aService(rotations[n % rotations.length] ?? [])]);
      times.push(result.ms);
    }
    if (changes === 0) await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
    const result = await stop();
    rows.push({
      load: name,
      reloads: changes,
      requests: result.requests,
      'requests/s': Math.round(result.requests / result.seconds),
      lost: result.lost,
      'median ms': round(result.latency.median),
      'p99 ms': round(result.latency.p99),
      'max ms': round(result.latency.max),
      'reload ms': round(times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0),
      failures: JSON.stringify(result.failures),
    });
  }
}
console.table(rows);
process.exitCode = rows.some((row) => row.lost !== 0) ? 1 : 0;

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
