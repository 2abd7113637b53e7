import { concatBytes, hash, toHex } from '../../base/index.js';
import type { AssertedEvidence, PcrValues, QuoteEvidence } from './evidence.js';
import { uuidBytes } from './subject.js';

const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'ascii'));

function u64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}

/**
 * extraData of a vTPM's quote: SHA-256("tvdc-vm-1" ‖ nonce ‖ VM UUID ‖ EK Name).
 * @param nonce the round's 32 octets
 * @param ekName Name of the vTPM's endorsement key (2 octets of algorithm, then the digest)
 */
export function vmExtraData(nonce: Uint8Array, vmUuid: string, ekName: Uint8Array): Uint8Array {
  return hash('sha256', concatBytes(text('tvdc-vm-1'), nonce, uuidBytes(vmUuid), ekName));
}

/** One VM's part in the host's quote; `digest` is what follows the UUID. */
export interface RoundMember {
  readonly vm: string;
  readonly mode: 'quoted' | 'host_asserted';
  readonly digest: Uint8Array;
}

/** A VM whose vTPM quoted: SHA-256(attest ‖ signature). */
export function quotedMember(vm: string, quote: QuoteEvidence): RoundMember {
  return { vm, mode: 'quoted', digest: hash('sha256', concatBytes(quote.attest, quote.signature)) };
}

/** All values, banks by name, indices ascending: bank name, index (1 octet), value. */
function pcrValuesDigest(values: PcrValues): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const bank of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
    const ofBank = values[bank] ?? {};
    const indices = Object.keys(ofBank).map(Number);
    for (const index of indices.sort((a, b) => a - b)) {
      parts.push(text(bank), Uint8Array.of(index), ofBank[index] as Uint8Array);
    }
  }
  return hash('sha256', concatBytes(...parts));
}

/** A VM that the host speaks for: SHA-256(PCR values) ‖ log length (8 octets) ‖ SHA-256(log). */
export function assertedMember(vm: string, evidence: AssertedEvidence): RoundMember {
  const log = evidence.measurements.data;
  const digest = concatBytes(pcrValuesDigest(evidence.pcrValues), u64(log.length), hash('sha256', log));
  return { vm, mode: 'host_asserted', digest };
}

/**
 * extraData of the host's quote: SHA-256("tvdc-host-1" ‖ nonce ‖ SHA-256(for all VMs sorted by UUID: UUID ‖ digest)).
 * One host quote covers every VM of the round; with none it covers the digest of nothing.
 */
export function hostExtraData(nonce: Uint8Array, members: readonly RoundMember[]): Uint8Array {
  const rows = members.map((member) => ({ uuid: uuidBytes(member.vm), digest: member.digest }));
  rows.sort((a, b) => (toHex(a.uuid) < toHex(b.uuid) ? -1 : 1));
  const inner = hash('sha256', concatBytes(...rows.flatMap((row) => [row.uuid, row.digest])));
  return hash('sha256', concatBytes(text('tvdc-host-1'), nonce, inner));
}
