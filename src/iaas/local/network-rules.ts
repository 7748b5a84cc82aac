/** The nftables table of a bridge, as text for `nft -f -`. */
import { tableName } from './names.ts';

export interface RuleSpec {
  readonly bridge: string;
  readonly subnet: string;
  /** Interfaces on which forwarding was off until we came: they carry answers and nothing new. */
  readonly confined: readonly string[];
}

/**
 * Renders rules that let VMs reach out under the machine's own address and let answers come back. Loading it again
 * replaces the table in one step.
 */
export function renderRules(spec: RuleSpec): string {
  const table = `inet ${tableName(spec.bridge)}`;
  return `table ${table} {}
delete table ${table}
table ${table} {
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "${spec.bridge}" accept
    oifname "${spec.bridge}" ct state established,related accept
    oifname "${spec.bridge}" drop
${spec.confined.map((name) => `    iifname "${name}" ct state established,related accept\n    iifname "${name}" drop\n`).join('')}  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${spec.subnet} oifname != "${spec.bridge}" masquerade
  }
}
`;
}

/** Renders the removal of a bridge's table; no error when it is not there. */
export function renderRulesRemoval(bridge: string): string {
  const table = `inet ${tableName(bridge)}`;
  return `table ${table} {}\ndelete table ${table}\n`;
}
