/**
 * What a build borrows from this machine so that packages can be fetched: apt sources, proxy, certificates, name servers. It
 * is bound into the container for the time of the build and never becomes part of an image.
 */
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { aptMirror, isOfDistribution, writeAptSource } from '../../host/apt-sources.ts';
import { readAptSources, readMirrorList } from '../../host/read-apt-sources.ts';

export interface MachineSettings {
  /** Folder that is bound to {@link MACHINE_MOUNT}. */
  readonly folder: string;
  /** Environment of every command of the build. */
  readonly env: Readonly<Record<string, string>>;
  /** Environment of programs that fetch on this machine: the proxy. */
  readonly proxyEnv: Readonly<Record<string, string>>;
  /** Where this machine takes the packages of a suite from; undefined when it has no source of that suite. */
  readonly mirror: (suite: string) => string | undefined;
}

/** Where the settings are inside a build container. */
export const MACHINE_MOUNT = '/run/stratos-build';
const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const PROXY = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];
const CA_VARIABLES = [
  'SSL_CERT_FILE',
  'CURL_CA_BUNDLE',
  'NODE_EXTRA_CA_CERTS',
  'GIT_SSL_CAINFO',
  'REQUESTS_CA_BUNDLE',
  'PIP_CERT',
];

/** Where settings come from: the root of the machine that builds, and how its proxy is known. */
export interface SettingsSource {
  readonly root: string;
  /** What `apt-config dump` says there. */
  readonly aptDump: string;
  /** Environment whose proxy variables count. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Collects the settings into `folder`. `suite`: only apt sources of this distribution release are taken; undefined: none. */
export async function machineSettings(
  folder: string,
  suite: string | undefined,
  { root, aptDump, env: environment }: SettingsSource,
): Promise<MachineSettings> {
  await mkdir(join(folder, 'sources.list.d'), { recursive: true });
  const all = await readAptSources(join(root, 'etc/apt'));
  // What third parties offer does not belong into an image by accident, and files of this machine are not in the container.
  const ours = all.filter((source) => isOfDistribution(source) && source.uris.some((uri) => /^https?:/.test(uri)));
  const mine = suite === undefined ? [] : ours.filter((source) => source.suites.some((name) => belongs(name, suite)));
  for (const [i, source] of mine.entries()) {
    const key = source.signedBy?.startsWith('/') === true ? source.signedBy : undefined;
    const copied = key === undefined ? undefined : `key-${String(i)}-${basename(key)}`;
    if (key !== undefined && copied !== undefined)
      await copyFile(join(root, key), join(folder, copied)).catch(() => undefined);
    const signedBy = copied === undefined ? source.signedBy : `${MACHINE_MOUNT}/${copied}`;
    const suites = source.suites.filter((name) => suite !== undefined && belongs(name, suite));
    await writeFile(
      join(folder, 'sources.list.d', `${String(i)}.sources`),
      writeAptSource({ ...source, suites, ...(signedBy !== undefined && { signedBy }) }),
    );
  }
  const hasBundle = await copyFile(join(root, CA_BUNDLE), join(folder, 'ca.crt')).then(
    () => true,
    () => false,
  );
  const apt = await aptSettings(folder, root, aptDump);
  await writeFile(join(folder, 'apt.conf'), aptConf(mine.length > 0, hasBundle, apt.lines));
  for (const name of ['resolv.conf', 'hosts']) {
    await writeFile(join(folder, name), await readFile(join(root, 'etc', name), 'utf8').catch(() => ''));
  }
  for (const name of await readdir(folder)) await chmod(join(folder, name), name.endsWith('.d') ? 0o755 : 0o644);
  const given = PROXY.flatMap((name) => (environment[name] ? [[name, environment[name]] as const] : []));
  const proxyEnv = { ...(apt.proxy !== undefined && { http_proxy: apt.proxy }), ...Object.fromEntries(given) };
  const certificates = hasBundle ? CA_VARIABLES.map((name) => [name, `${MACHINE_MOUNT}/ca.crt`] as const) : [];
  return {
    folder,
    proxyEnv,
    env: { APT_CONFIG: `${MACHINE_MOUNT}/apt.conf`, ...Object.fromEntries(certificates), ...proxyEnv },
    mirror: (name) => aptMirror(all, name, (file) => readMirrorList(join(root, file))),
  };
}

/** The release itself, its updates and its security updates. */
function belongs(name: string, suite: string): boolean {
  return [suite, `${suite}-updates`, `${suite}-security`, `${suite}/updates`].includes(name);
}

/** Proxy and certificate settings of this machine's apt. */
async function aptSettings(
  folder: string,
  root: string,
  dump: string,
): Promise<{ readonly lines: readonly string[]; readonly proxy?: string }> {
  const lines: string[] = [];
  let proxy: string | undefined;
  for (const line of dump.split('\n')) {
    const match = /^(Acquire::https?::\S*) "(.+)";$/.exec(line);
    if (!match?.[1] || !match[2]) continue;
    const [, key, value] = match;
    if (/AutoDetect|^Acquire::https?::(User-Agent|Pipeline)/i.test(key)) continue;
    if (key.toLowerCase() === 'acquire::http::proxy') proxy = value;
    const isFile = /::(CAInfo|SslCert|SslKey|CRLFile|IssuerCert)$/i.test(key);
    const copied = `apt-${basename(value)}`;
    if (isFile) await copyFile(join(root, value), join(folder, copied)).catch(() => undefined);
    lines.push(`${key} "${isFile ? `${MACHINE_MOUNT}/${copied}` : value}";`);
  }
  return { lines, ...(proxy !== undefined && { proxy }) };
}

function aptConf(hasSources: boolean, hasBundle: boolean, lines: readonly string[]): string {
  return [
    ...(hasSources
      ? [`Dir::Etc::sourcelist "/dev/null";`, `Dir::Etc::sourceparts "${MACHINE_MOUNT}/sources.list.d";`]
      : []),
    ...(hasBundle ? [`Acquire::https::CAInfo "${MACHINE_MOUNT}/ca.crt";`] : []),
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
    'APT::Install-Recommends "false";',
    'Dpkg::Use-Pty "false";',
    // A build that loses power is thrown away: there is nothing to protect by waiting for the disk.
    'Dpkg::Options { "--force-unsafe-io"; "--force-confdef"; "--force-confold"; };',
    ...lines,
    '',
  ].join('\n');
}
