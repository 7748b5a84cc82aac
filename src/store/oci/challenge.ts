/** Reading `WWW-Authenticate` (RFC 9110, 11.6.1): one or several challenges, each a scheme with parameters. */

export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = String.raw`[A-Za-z0-9!#$%&'*+.^_|~-]+`;
const PARAMETER = new RegExp(String.raw`^\s*(${TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(${TOKEN}))\s*(?:,|$)`);
const SCHEME = new RegExp(String.raw`^[\s,]*(${TOKEN})(?:\s+|$)`);

/** All challenges of a header; what cannot be read ends the list. */
export function parseChallenges(header: string): readonly Challenge[] {
  const found: Challenge[] = [];
  let rest = header;
  for (;;) {
    const scheme = SCHEME.exec(rest);
    if (scheme?.[1] === undefined) return found;
    rest = rest.slice(scheme[0].length);
    const parameters: Record<string, string> = {};
    for (;;) {
      const match = PARAMETER.exec(rest);
      if (!match) break;
      const [all, name = '', quoted, plain] = match;
      parameters[name.toLowerCase()] = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '';
      rest = rest.slice(all.length);
    }
    found.push({ scheme: scheme[1].toLowerCase(), parameters });
  }
}
