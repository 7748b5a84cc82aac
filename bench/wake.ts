/**
 * Waking: time to the first byte of a request that wakes a process, from stopped and from frozen, beside a plain start of the same
 * container and a warm request; and requests per second through the gateway beside a plain HAProxy. On a VM made for it.
 */
import './shell-text.ts';
import { median, say, table, verdict } from './measure.ts';

const { startLoad } = await import('../test/support/http-load.ts');
const { get, sleepLab } = await import('../test/support/sleep-lab.ts');

const WAKES = 50;
const ROUNDS = 7;
const SECONDS = 2;
const SHOP = { name: 'shop-1', index: 1, vm: 0 };
/** Milliseconds from lxc-start until something listens on port 80 of the container. Run while it is stopped. */
const PLAIN_START = `
  systemctl stop stratos-process@shop-1.service
  cat /var/lib/stratos/processes/shop-1/stratos/output >/dev/null &
  for groups in /sys/fs/cgroup/pids /sys/fs/cgroup; do [ ! -e "$groups/cgroup.procs" ] || break; done
  listens() {
    pid=''
    read -r pid <"$groups/lxc.payload.shop-1/cgroup.procs" && [ -n "$pid" ] || return 1
    while read -r device _; do
      case $device in stratosbr0) return 1 ;; esac
    done <"/proc/$pid/net/route"
    while read -r _ local _ state _; do
      case $local,$state in *:0050,0A) return 0 ;; esac
    done <"/proc/$pid/net/tcp6"
    return 1
  } 2>/dev/null
  began=$(date +%s%N)
  lxc-start -F -P /var/lib/stratos/processes -n shop-1 >/dev/null 2>&1 &
  until listens; do sleep 0.002; done
  ended=$(date +%s%N)
  lxc-stop -k -P /var/lib/stratos/processes -n shop-1
  wait || :
  echo $(((ended - began) / 1000))`;
const PLAIN_PROXY = `
  printf '%s\\n' 'defaults' ' mode http' ' timeout connect 1s' ' timeout client 1m' ' timeout server 1m' 'frontend plain' \\
    ' bind 0.0.0.0:9090' ' default_backend plain' 'backend plain' ' server shop-1 10.66.0.2:80' >/root/plain.cfg
  haproxy -D -f /root/plain.cfg`;

await using lab = await sleepLab();
await lab.create([SHOP]);
await lab.serve({ alias: 'shop' }, [SHOP]);
const url = `http://${lab.address()}:8080/`;
const times = { start: [] as number[], stopped: [] as number[], frozen: [] as number[], warm: [] as number[] };

for (const depth of ['stopped', 'frozen'] as const) {
  for (let round = 0; round <= WAKES; round++) {
    await lab.until('UP', SHOP);
    const warm = await get(url);
    await lab.shell('systemctl stop stratos-wake@61000.service');
    const [slept] = await lab.sleep(depth, SHOP);
    if (slept?.depth !== depth) throw new Error(JSON.stringify(slept));
    const start = depth === 'stopped' ? Number(await lab.shell(PLAIN_START)) / 1000 : 0;
    // Nothing else happens on the VM by now.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const woken = await get(url);
    if (woken.status !== 200) throw new Error(JSON.stringify(woken));
    // The first round fills caches.
    if (round === 0) continue;
    times.warm.push(warm.ms);
    times[depth].push(woken.ms);
    if (depth === 'stopped') times.start.push(start);
  }
  say(`${String(WAKES)} wakes from ${depth}`);
}

await lab.shell(PLAIN_PROXY);
await lab.until('UP', SHOP);
const rates = { gateway: [] as number[], plain: [] as number[] };
for (let round = 0; round <= ROUNDS; round++) {
  for (const [kind, port] of [
    ['gateway', 8080],
    ['plain', 9090],
  ] as const) {
    const { stop } = startLoad({ url: `http://${lab.address()}:${String(port)}/`, clients: 8, keepAlive: true });
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
    const { requests, seconds, lost, failures } = await stop();
    if (lost > 0) throw new Error(`${kind}: ${JSON.stringify(failures)}`);
    if (round > 0) rates[kind].push(requests / seconds);
  }
}
const share = median(rates.gateway.map((rate, at) => rate / (rates.plain[at] ?? Number.NaN)));

const at = (of: readonly number[], part: number): number =>
  [...of].sort((a, b) => a - b)[Math.ceil(of.length * part) - 1] ?? Number.NaN;
const ms = (of: readonly number[]): string[] =>
  [median(of), at(of, 0.99), Math.max(...of)].map((value) => `${value.toFixed(1)} ms`);
const warm = median(times.warm);
const goals = [
  `p50 at most 2.5 starts (${(median(times.stopped) / median(times.start)).toFixed(2)}): ${verdict(median(times.stopped) / median(times.start), 2.5)}; p99 under 500 ms: ${verdict(at(times.stopped, 0.99), 500)}`,
  `p50 at most 15 ms over a warm request (${(median(times.frozen) - warm).toFixed(1)}): ${verdict(median(times.frozen) - warm, 15)}`,
];
console.log(
  `${String(WAKES)} wakes each, by one request to the gateway of the VM; a start is lxc-start until the port listens.\n`,
);
console.log(
  table(
    ['', 'p50', 'p99', 'longest', 'goal'],
    [
      ['request to a process that is awake', ...ms(times.warm), ''],
      ['plain start of the container', ...ms(times.start), ''],
      ['request to one that is stopped', ...ms(times.stopped), goals[0] ?? ''],
      ['request to one that is frozen', ...ms(times.frozen), goals[1] ?? ''],
    ],
  ),
);
console.log(
  `\nThrough the gateway, process awake, 8 clients: ${median(rates.gateway).toFixed(0)} requests/s; plain HAProxy to the same container: ${median(rates.plain).toFixed(0)}; ${(share * 100).toFixed(0)} % (goal at least 90 %: ${verdict(share, 0.9, 'at least')}).`,
);
