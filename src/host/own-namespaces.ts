/** A program with namespaces of its own. */

/**
 * The command line that runs a program in its own mount, pid, ipc and uts namespaces: it sees neither the machine's processes nor
 * leaves mounts behind, everything it starts dies with it, and it dies with this process, however this one ends.
 */
export function inOwnNamespaces(argv: readonly [string, ...string[]]): {
  readonly file: string;
  readonly args: readonly string[];
} {
  const namespaces = ['--mount', '--pid', '--ipc', '--uts'];
  const args = ['--pdeathsig', 'KILL', 'unshare', ...namespaces, '--fork', '--kill-child', '--mount-proc', ...argv];
  return { file: 'setpriv', args };
}
