/** A prepared VM as the image of later ones. */
import { script, type ScriptStep } from '../shell/command.ts';
import { LAYOUT } from './layout.ts';
import sealText from './scripts/seal.sh';

/**
 * Takes off the disk what one machine alone is, or with `open` puts it back. Refuses a machine of another lineage with status 3, and one that
 * has processes or volumes with 6.
 */
export function sealStep(lineage: string, way: 'seal' | 'open'): ScriptStep {
  return script({ name: 'seal', text: sealText }, `${way} the machine`, [lineage, LAYOUT.root, way]);
}
