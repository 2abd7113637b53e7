import type { RelativeDistinguishedNames } from 'pkijs';
import { der } from './der.js';
import { oids } from './oids.js';

/** A distinguished name as text, most significant part first, such as `O=Datacenter, CN=Root`; equal names have equal text. */
export type Name = string;

const shortNames: Readonly<Record<string, string>> = {
  [oids.commonName]: 'CN',
  [oids.organization]: 'O',
  [oids.organizationalUnit]: 'OU',
  [oids.country]: 'C',
};

/** Text of a name that was read. */
export function nameText(name: RelativeDistinguishedNames): Name {
  return name.typesAndValues
    .map(
      ({ type, value }) => `${shortNames[type] ?? type}=${String(value.valueBlock.value).replace(/([\\,=])/g, '\\$1')}`,
    )
    .join(', ');
}

/** DER of a name with an organization and a common name. */
export function encodeName(organization: string, commonName: string): Uint8Array {
  const part = (type: string, value: string) => der.set(der.sequence(der.oid(type), der.utf8(value)));
  return der.encode(der.sequence(part(oids.organization, organization), part(oids.commonName, commonName)));
}
