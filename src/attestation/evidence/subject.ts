import { TvdcError } from '../../base/index.js';

/** Who is attested: a host (its management VM) or a virtual machine; `uuid` in lower case with hyphens. */
export interface Subject {
  readonly kind: 'host' | 'vm';
  readonly uuid: string;
}

/** Stable text of a subject, `host:<uuid>` or `vm:<uuid>`. */
export function subjectKey(subject: Subject): string {
  return `${subject.kind}:${subject.uuid.toLowerCase()}`;
}

/**
 * The 16 octets of a UUID in network order (RFC 9562, 4).
 * @throws TvdcError `bad_uuid`
 */
export function uuidBytes(uuid: string): Uint8Array {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(uuid)) {
    throw new TvdcError('bad_uuid', `expected a UUID, got ${JSON.stringify(uuid.slice(0, 64))}`);
  }
  return new Uint8Array(Buffer.from(uuid.replaceAll('-', ''), 'hex'));
}
