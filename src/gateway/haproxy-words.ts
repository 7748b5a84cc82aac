/**
 * Values on their way into haproxy.cfg. The spec has been checked long before; this is the last place where a word that means
 * something else to HAProxy can be stopped, so each kind of word is checked again against the little that it may be.
 */
import { UsageError } from '../model/errors.ts';

/** Aliases and process names. No `:`, so that our own sections can never collide with one. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const HOST = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*$/;
const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const IPV6 = /^(?=.*:)[0-9a-f:.]{2,45}$/i;
/** What a request target may have, without what HAProxy's own parser would read: quotes, `\`, `#`, `$`. */
const TARGET = /[^A-Za-z0-9._~!&()*+,;=:@/?%-]/gu;

/** An alias or a process name. @throws UsageError */
export function nameWord(name: string): string {
  return NAME.test(name) ? name : refuse('a name', 'it has other than letters, digits, dot, dash and underscore', name);
}

/** A host name in lower case. @throws UsageError */
export function hostWord(host: string): string {
  const lower = host.toLowerCase();
  return HOST.test(lower) ? lower : refuse('a host', 'it is not a DNS name', host);
}

/** A TCP port. @throws UsageError */
export function portWord(port: number): string {
  return Number.isInteger(port) && port >= 1 && port <= 65_535
    ? String(port)
    : refuse('a port', 'it is not one of 1 to 65535', String(port));
}

/** A duration of at least a millisecond. @throws UsageError */
export function durationWord(ms: number): string {
  const whole = Math.round(ms);
  return whole >= 1 && whole < 2 ** 31 ? `${String(whole)}ms` : refuse('a duration', 'it is out of range', String(ms));
}

/** Address and port of a server; a DNS name is resolved by HAProxy when it loads. @throws UsageError */
export function addressWord(address: string, port: number): string {
  if (IPV4.test(address)) return `${address}:${portWord(port)}`;
  if (IPV6.test(address)) return `[${address}]:${portWord(port)}`;
  return `${hostWord(address)}:${portWord(port)}`;
}

/** Whether an address is a DNS name. */
export function isDnsName(address: string): boolean {
  return !IPV4.test(address) && !IPV6.test(address);
}

/** The target of a check's request; what a request line cannot have is percent-encoded. @throws UsageError */
export function targetWord(path: string): string {
  if (!path.startsWith('/') || /[\u0000-\u001f\u007f]/.test(path) || path.length > 1024 || !path.isWellFormed()) {
    return refuse('a health path', 'it does not begin with / or has control characters', JSON.stringify(path));
  }
  return path.replace(/%(?![0-9A-Fa-f]{2})/g, '%25').replace(TARGET, percentEncoded);
}

function percentEncoded(character: string): string {
  return [...new TextEncoder().encode(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

function refuse(what: string, reason: string, value: string): never {
  throw new UsageError(`Cannot write ${what} to the gateway's configuration as ${reason}: ${value}`);
}
