/** Whose an SSH signature over a text is. */
import { access, constants } from 'node:fs/promises';
import { readSignature } from './sshsig.ts';
import { openssh, withPrivateFiles } from './ssh-keygen.ts';
import type { KeygenOptions } from './ssh-keygen.ts';

/** Whom to believe: files of OpenSSH, ssh-keygen(1) "ALLOWED SIGNERS" and `-r`. Paths are absolute. */
export interface SignerFiles {
  readonly allowedSigners: string;
  /** Keys that are believed no more: public keys, one a line, or a list that `ssh-keygen -k` made. */
  readonly revokedKeys?: string;
}

/**
 * Why a signature does not count. `malformed`: it is no SSH signature. `namespace`: made for something else, as git or mail.
 * `unknown-signer`: its key is not allowed, or not for this. `not-now`: its key is not valid yet or no more. `revoked`: its key
 * is. `wrong`: it is over another text. `unreadable`: one of the files is.
 */
export type SignatureFault =
  'malformed' | 'namespace' | 'unknown-signer' | 'not-now' | 'revoked' | 'wrong' | 'unreadable';

export type Verdict =
  | { readonly ok: true; readonly signer: string; readonly fingerprint: string }
  | {
      readonly ok: false;
      readonly fault: SignatureFault;
      /** In words, for people. */
      readonly why: string;
      /** Of the key; undefined when the signature does not say. */
      readonly fingerprint?: string;
    };

/**
 * Checks a signature as of now: a key whose time is over counts no more, whenever it signed, since the time of signing is only
 * what the signer says.
 * @throws HostError without OpenSSH
 */
export async function verifyText(
  text: string,
  namespace: string,
  armoured: string,
  files: SignerFiles,
  options: Omit<KeygenOptions, 'input'>,
): Promise<Verdict> {
  const facts = readSignature(armoured);
  if (!facts) return { ok: false, fault: 'malformed', why: 'it is no SSH signature' };
  const { fingerprint } = facts;
  const refused = (fault: SignatureFault, why: string): Verdict => ({ ok: false, fault, why, fingerprint });
  if (facts.namespace !== namespace) return refused('namespace', `it was made for ${JSON.stringify(facts.namespace)}`);
  for (const file of [files.allowedSigners, files.revokedKeys])
    if (file !== undefined && !(await isReadable(file))) return refused('unreadable', `${file} cannot be read`);

  return withPrivateFiles({ signature: { text: armoured } }, async (path) => {
    const common = ['-s', path('signature'), '-f', files.allowedSigners];
    const verify = (signer: string, more: readonly string[]) =>
      openssh('ssh-keygen', ['-Y', 'verify', '-n', namespace, '-I', signer, ...common, ...more], {
        ...options,
        input: text,
      });
    const found = await openssh('ssh-keygen', ['-Y', 'find-principals', ...common], options);
    const signers = found.status === 0 ? found.stdout.split('\n').filter((line) => line !== '') : [];
    if (signers.length === 0) return refused(...whyUnknown(fingerprint, found.complaints));
    let last: Verdict | undefined;
    for (const signer of signers) {
      const revocations = files.revokedKeys === undefined ? [] : ['-r', files.revokedKeys];
      const checked = await verify(signer, revocations);
      if (checked.status === 0) return { ok: true, signer, fingerprint };
      // OpenSSH says nothing where a key is revoked: it is what the signature fails by and would pass without.
      const isRevoked = revocations.length > 0 && (await verify(signer, [])).status === 0;
      last = isRevoked
        ? refused('revoked', `key ${fingerprint} of ${signer} is revoked`)
        : refused(...whyRefused(fingerprint, signer, checked.complaints));
    }
    return last ?? refused('unknown-signer', `key ${fingerprint} is of no allowed signer`);
  });
}

type Why = [fault: SignatureFault, why: string];

/** No line of the file is for this key now: one may have been, and OpenSSH then says which and until when. */
function whyUnknown(fingerprint: string, complaints: readonly string[]): Why {
  const validity = complaints.find((line) => /key (?:has expired|is not yet valid)/.test(line));
  if (validity !== undefined) return ['not-now', `key ${fingerprint}: ${validity}`];
  const line = complaints.find((complaint) => /:\d+: /.test(complaint));
  const more = line === undefined ? '' : ` (${line})`;
  return ['unknown-signer', `key ${fingerprint} is of no allowed signer${more}`];
}

function whyRefused(fingerprint: string, signer: string, complaints: readonly string[]): Why {
  const [line] = complaints;
  if (line?.includes('namespace') === true) return ['unknown-signer', `key ${fingerprint} of ${signer}: ${line}`];
  return ['wrong', `key ${fingerprint} of ${signer} signed something else`];
}

async function isReadable(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
}
