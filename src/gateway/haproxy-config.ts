/**
 * A gateway as haproxy.cfg, for HAProxy 2.6 to 3.x.
 *
 * Sections are named by alias: `frontend shop`, `backend shop`. Ours have a colon, which no alias has.
 */
import { UsageError } from '../model/errors.ts';
import { GATEWAY_SOCKET, LAYOUT } from '../lxc/layout.ts';
import type { GatewayModel, GatewayServer, GatewayService } from './gateway-model.ts';
import type { GatewayPassage } from './passages.ts';
import { addressWord, durationWord, hostWord, isDnsName, nameWord, portWord, targetWord } from './haproxy-words.ts';

/** Where HAProxy reads which servers were down before a reload; written by the configure step. */
export const GATEWAY_STATE = `${LAYOUT.run}/gateway.state`;
/** Port that `hosts` share. */
const HOSTS_PORT = 80;
/** Longest time a worker that was replaced may finish its connections: web sockets, downloads. */
const HARD_STOP = '15m';

/**
 * The whole haproxy.cfg of a VM; empty when it has no service, and so needs no gateway.
 * @throws UsageError when a word would not be safe in the file, or two services want one port or one host
 */
export function renderGateway(model: GatewayModel): string {
  const passages = model.passages ?? [];
  if (model.services.length === 0 && passages.length === 0) return '';
  checkUnique(model.services);
  const sections = [
    globalSection(),
    defaultsSection(),
    ...hostsSections(model.services),
    ...model.services.flatMap((service) => [
      ...(service.port === HOSTS_PORT && namesHosts(model.services) ? [] : portSection(service)),
      backendSection(service),
    ]),
    ...passages.map(passageSection),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function globalSection(): readonly string[] {
  return [
    'global',
    '    user haproxy',
    '    group haproxy',
    '    chroot /var/lib/haproxy',
    // The unit's journal; no syslog daemon is needed.
    '    log stdout format short daemon notice',
    `    stats socket ${GATEWAY_SOCKET} mode 600 level admin expose-fd listeners`,
    `    server-state-file ${GATEWAY_STATE}`,
    // The number of connections follows from what the machine allows, within this.
    '    fd-hard-limit 20000',
    `    hard-stop-after ${HARD_STOP}`,
    '    mworker-max-reloads 50',
    // Not used, and reading the system's certificates for it takes three quarters of each reload.
    '    httpclient.ssl.verify none',
  ];
}

function defaultsSection(): readonly string[] {
  return [
    'defaults',
    '    mode http',
    '    log global',
    '    option dontlognull',
    '    option dontlog-normal',
    '    option log-separate-errors',
    // The path only: a query may have secrets in it.
    '    log-format "%ci %ft %b/%s %ST %TR/%Tw/%Tc/%Tr/%Ta %tsc %HM %HP"',
    '    balance leastconn',
    '    option http-server-close',
    '    option redispatch 1',
    '    retries 3',
    '    retry-on conn-failure empty-response',
    '    timeout connect 1s',
    '    timeout http-request 10s',
    '    timeout http-keep-alive 10s',
    '    timeout queue 10s',
    '    timeout client 5m',
    '    timeout server 5m',
    '    timeout tunnel 1h',
    '    load-server-state-from-file global',
    `    ${nobody(2)}`,
  ];
}

/** What is said where no process is up. */
function nobody(retryAfter: number): string {
  return `http-error status 503 content-type text/plain string "No process can answer now, try again shortly\\n" hdr Retry-After ${String(retryAfter)}`;
}

/** Port 80, where the host name decides. A service that has port 80 for itself gets what no host name claims. */
function hostsSections(services: readonly GatewayService[]): readonly (readonly string[])[] {
  const named = services.filter((service) => service.hosts.length > 0);
  if (named.length === 0) return [];
  const owner = services.find((service) => service.port === HOSTS_PORT);
  const frontend = [
    'frontend hosts:80',
    ...bind(HOSTS_PORT),
    ...httpRules(),
    '    http-request set-var(txn.host) req.hdr(host),host_only,lower,rtrim(.)',
    ...named.flatMap((service) =>
      service.hosts.map(
        (host) => `    use_backend ${nameWord(service.alias)} if { var(txn.host) -m str ${hostWord(host)} }`,
      ),
    ),
    `    default_backend ${owner ? nameWord(owner.alias) : 'unknown:host'}`,
  ];
  const unknown = [
    'backend unknown:host',
    '    http-request return status 404 content-type text/plain string "No site has this host name\\n"',
  ];
  return owner ? [frontend] : [frontend, unknown];
}

/** The service's own port. */
function portSection(service: GatewayService): readonly (readonly string[])[] {
  if (service.port === undefined) return [];
  const alias = nameWord(service.alias);
  return [
    [
      `frontend ${alias}`,
      ...(service.mode === 'tcp' ? ['    mode tcp', '    option tcplog'] : []),
      ...bind(service.port),
      ...(service.mode === 'http' ? httpRules() : []),
      `    default_backend ${alias}`,
    ],
  ];
}

/**
 * Connections to what is needed in another partition, handed on as they are to the gateways there. Without checks: one that asks the
 * gateway of a sleeper would wake it. A gateway that cannot be connected to costs a connection one try, and the next one is asked.
 */
function passageSection({ alias, address, port, targets }: GatewayPassage): readonly string[] {
  return [
    `listen passage:${nameWord(alias)}`,
    '    mode tcp',
    '    option tcplog',
    `    bind ${addressWord(address, port)}`,
    ...targets.map(({ vm, address: target }) => {
      const server = `    server via:${nameWord(vm)} ${addressWord(target, port)}`;
      return isDnsName(target) ? `${server} init-addr libc,none` : server;
    }),
  ];
}

/**
 * Both address families, each by itself, so that a client's IPv4 address is written as one. The unit says when the machine has
 * no IPv6 at all.
 */
function bind(port: number): readonly string[] {
  return [
    `    bind 0.0.0.0:${portWord(port)}`,
    '.if !defined(STRATOS_NO_IPV6)',
    `    bind [::]:${portWord(port)} v6only`,
    '.endif',
  ];
}

/** The gateway is the edge: what a client says about who it is and how it came is not believed. */
function httpRules(): readonly string[] {
  return [
    // A client that kept its connection may be sending just when its worker is replaced.
    '    option idle-close-on-response',
    '    http-request set-header X-Forwarded-For %[src]',
    '    http-request set-header X-Forwarded-Proto http',
    '    http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    '    http-request del-header Forwarded',
    '    http-request del-header Proxy',
    // A request that may have been worked on already is sent again only where that does no harm.
    '    http-request disable-l7-retry unless METH_GET or { method OPTIONS }',
  ];
}

function backendSection(service: GatewayService): readonly string[] {
  const { health } = service;
  const [host = 'localhost'] = service.hosts;
  const check =
    health.path === undefined
      ? []
      : [
          '    option httpchk',
          `    http-check send meth GET uri ${targetWord(health.path)} ver HTTP/1.1 hdr Host ${hostWord(host)} hdr User-Agent health-check`,
          '    http-check expect status 200-399',
        ];
  return [
    `backend ${nameWord(service.alias)}`,
    ...(service.mode === 'tcp' ? ['    mode tcp'] : []),
    // By connections, weights would count only among servers that are busy.
    ...(service.servers.some(({ weight }) => weight !== undefined) ? ['    balance roundrobin'] : []),
    ...(service.retryAfter === undefined || service.mode === 'tcp' ? [] : [`    ${nobody(service.retryAfter)}`]),
    ...tenantRules(service),
    ...check,
    `    timeout check ${durationWord(health.timeout)}`,
    // A refused connection counts as a failed check and brings the next one forward.
    `    default-server check inter ${durationWord(health.interval)} fastinter ${durationWord(Math.max(1, health.interval / 8))} downinter ${durationWord(Math.max(1, health.interval / 8))} fall 2 rise 2 observe layer4 error-limit 1 on-error sudden-death`,
    ...service.servers.map(serverLine),
    ...(service.servers.some(({ wake }) => wake) ? wakeLines(service) : []),
  ];
}

/** Words of one rule: HAProxy takes no more than 64 in a line. */
const WORDS = 50;

/** Tells the process which tenant a request is for; what a client says about it is not believed. */
function tenantRules({ mode, tenants }: GatewayService): readonly string[] {
  if (!tenants) return [];
  // Who has no host name is part of the text too: what processes are told of changes with it.
  const names = `    # tenants: ${tenants.map(({ name }) => nameWord(name)).join(' ')}`;
  if (mode !== 'http') return [names];
  const rules = tenants.flatMap(({ name, hosts }) =>
    chunks(hosts.map(hostWord)).map(
      (some) => `    http-request set-header X-Tenant ${nameWord(name)} if { var(txn.host) -m str ${some.join(' ')} }`,
    ),
  );
  return [
    names,
    '    http-request set-var(txn.host) req.hdr(host),host_only,lower,rtrim(.)',
    '    http-request del-header X-Tenant',
    ...rules,
  ];
}

function chunks(words: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(words.length / WORDS);
  return Array.from({ length: count }, (_, at) => words.slice(at * WORDS, (at + 1) * WORDS));
}

/**
 * Each process a second time, at the port that wakes it: without a check, which would, and only for when nobody else is up. One is
 * asked at a time, the first, so that one wakes and not all.
 */
function wakeLines({ mode, servers }: GatewayService): readonly string[] {
  return [
    ...servers.flatMap((server) => {
      if (!server.wake) return [];
      const { address, port } = server.wake;
      const words = [`    server ${nameWord(server.name)}:wake ${addressWord(address, port)} backup no-check`];
      return [[...words, ...(isDnsName(address) ? ['init-addr libc,none'] : [])].join(' ')];
    }),
    // One that could not be woken lets its connections go without an answer: to be tried again, as any that is not there.
    ...(mode === 'http'
      ? [
          '    http-response set-var(txn.answered) bool(true)',
          '    http-after-response set-status 503 if { status 502 } { srv_name -m end :wake } !{ var(txn.answered) -m bool }',
          '    http-after-response set-header Retry-After 2 if { status 503 } { srv_name -m end :wake } !{ var(txn.answered) -m bool }',
        ]
      : []),
  ];
}

function serverLine(server: GatewayServer): string {
  const words = [
    `    server ${nameWord(server.name)} ${addressWord(server.address, server.port)}`,
    ...(server.checkPort === undefined ? [] : [`port ${portWord(server.checkPort)}`]),
    ...(server.weight === undefined ? [] : [`weight ${String(server.weight)}`]),
    // A name that cannot be resolved makes one server unusable, not the whole file.
    ...(isDnsName(server.address) ? ['init-addr libc,none'] : []),
  ];
  return words.join(' ');
}

/** HAProxy would accept some of these, and let the first win in silence. */
function checkUnique(services: readonly GatewayService[]): void {
  const hosts = new Map<string, string>();
  const ports = new Map<number, string>();
  for (const service of services) {
    for (const host of service.hosts) claim(hosts, hostWord(host), service.alias, 'host');
    if (service.port === undefined) continue;
    claim(ports, service.port, service.alias, 'port');
    if (service.port === HOSTS_PORT && service.mode === 'tcp' && namesHosts(services)) {
      throw new UsageError(
        `Cannot serve ${service.alias} on port 80 as host names share it: a tcp service takes it whole`,
      );
    }
  }
}

/** Whether port 80 is shared by host names. */
function namesHosts(services: readonly GatewayService[]): boolean {
  return services.some((service) => service.hosts.length > 0);
}

function claim<T>(taken: Map<T, string>, value: T, alias: string, what: string): void {
  const other = taken.get(value);
  if (other !== undefined) {
    throw new UsageError(`Cannot serve ${alias} on ${what} ${String(value)} as it is taken: by ${other}`);
  }
  taken.set(value, alias);
}
