/** Creates a VM in a process of its own, so that a test can kill it: `node create-vm-child.ts SPEC LINEAGE REQUEST [CACHE]`, all JSON. */
import { localProvider } from '../../src/iaas/local/local-provider.ts';
import type { MachineRequest } from '../../src/iaas/provider.ts';
import { Secret } from '../../src/model/secret.ts';
import type { LocalIaasSpec } from '../../src/model/iaas/local.ts';

const [spec, lineage, request, cache] = process.argv.slice(2).map((text) => JSON.parse(text) as unknown);
const wanted = request as MachineRequest & { readonly privateKey: string };
const provider = localProvider(
  spec as LocalIaasSpec,
  { lineage: lineage as string, env: {}, onStep: console.log },
  cache as string,
);
console.log('go');
await provider.create({
  ...wanted,
  hostKey: { privateKey: new Secret(wanted.privateKey), publicKey: wanted.hostKey.publicKey },
});
console.log('done');
