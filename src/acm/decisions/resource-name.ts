import type { PolicyMode } from '../policy/index.js';

/** A resource name that is well-formed, in its canonical form. */
export interface ResourceName {
  readonly name: string;
  /** The number of `vlan:<n>`. */
  readonly vlan?: number;
}

const nameForm = /^([a-z][a-z0-9+.-]*):([^\u0000-\u001f]+)$/;
const decimal = /^[1-9][0-9]{0,3}$/;

/** Highest VLAN number: 4095 is reserved by IEEE 802.1Q, the original let it pass. */
export const maxVlan: Readonly<Record<PolicyMode, number>> = { strict: 4094, xen: 4095 };

/** `vlan:<n>`. */
export const vlanResource = (vlan: number): string => `vlan:${vlan}`;

/**
 * Reads a resource name: `file:` absolute; `phy:` absolute, or relative to /dev and then made absolute; `tap:<subtype>:` absolute;
 * `vlan:<n>`; other schemes as they are. Null where the form is wrong. Links are not followed: names are compared as text.
 */
export function tryResourceName(text: string, mode: PolicyMode): ResourceName | null {
  const match = nameForm.exec(text);
  if (match === null || text.length > 1024) return null;
  const [, scheme, rest = ''] = match;
  switch (scheme) {
    case 'file':
      return rest.startsWith('/') ? { name: text } : null;
    case 'phy':
      return { name: rest.startsWith('/') ? text : `phy:/dev/${rest}` };
    case 'tap':
      return /^[^:/]+:\/./.test(rest) ? { name: text } : null;
    case 'vlan': {
      const vlan = decimal.test(rest) ? Number(rest) : 0;
      return vlan >= 1 && vlan <= maxVlan[mode] ? { name: text, vlan } : null;
    }
    default:
      return { name: text };
  }
}
