/** Hetzner's API, checked by its own document, in a process of its own; its address on standard output. Ends with its input. */
import { hetznerPeer } from '../test/support/hetzner-peer.ts';

const [actionTime = '120'] = process.argv.slice(2);
const peer = await hetznerPeer(50, Number(actionTime));
console.log(peer.url);
process.stdin.resume().once('end', () => {
  process.exit(peer.violations.length === 0 ? 0 : 1);
});
