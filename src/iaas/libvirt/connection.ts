/** How virsh is told where libvirt is. Pure. */
import type { LibvirtIaasSpec } from '../../model/iaas/libvirt.ts';

/**
 * What `virsh --connect` takes. A host is reached by libvirt's own SSH client, which reads its host keys from a file of ours and nowhere else.
 * @param knownHosts path of that file; of no account without a host
 */
export function connectionUri({ uri, host }: LibvirtIaasSpec, knownHosts: string): string {
  if (!host) return uri;
  const [, driver = '', transport = '+libssh', path = '', query] =
    /^([a-z0-9]+)(\+[a-z0-9]+)?:\/\/(\/[^?]*)(?:\?(.*))?$/.exec(uri) ?? [];
  const address = host.address.includes(':') ? `[${host.address}]` : host.address;
  const options = [
    ...(query === undefined ? [] : [query]),
    `known_hosts=${encodeURIComponent(knownHosts)}`,
    'known_hosts_verify=normal',
    `sshauth=${host.key === undefined ? 'agent,privkey' : 'privkey'}`,
    ...(host.key === undefined ? [] : [`keyfile=${encodeURIComponent(host.key)}`]),
    'no_tty=1',
  ];
  const user = encodeURIComponent(host.user);
  return `${driver}${transport}://${user}@${address}:${String(host.port)}${path}?${options.join('&')}`;
}

/** The file of known hosts: this one host, by its pinned keys. */
export function knownHostsOf({ host }: LibvirtIaasSpec): string {
  if (!host) return '';
  const name = host.port === 22 ? host.address : `[${host.address}]:${String(host.port)}`;
  return host.hostKeys.map((key) => `${name} ${key}\n`).join('');
}
