import { createDecipheriv, createECDH, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  ByteReader,
  concatBytes,
  digestSizes,
  equalBytes,
  hash,
  type HashAlgorithm,
  hmac,
} from '../../../src/base/index.js';
import {
  akEccTemplate,
  type ClockInfo,
  ekEccTemplate,
  encodeAttest,
  encodePublicArea,
  encodeSignature,
  type EccPublicArea,
  kdfA,
  kdfE,
  nameOf,
  pcrDigest,
  type PcrSelection,
  readSized,
} from '../../../src/tpm/index.js';

const none = new Uint8Array(0);
const raw = (text: string | undefined): Uint8Array => new Uint8Array(Buffer.from(text ?? '', 'base64url'));

interface EccKey {
  readonly area: EccPublicArea;
  readonly key: KeyObject;
}

function eccKey(template: EccPublicArea): EccKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { x, y } = privateKey.export({ format: 'jwk' });
  return { area: { ...template, x: raw(x), y: raw(y) }, key: privateKey };
}

/** As much of a TPM as an attestation needs, on keys of node:crypto: PCRs, quotes and credential activation. */
export class FakeTpm {
  readonly ek = eccKey(ekEccTemplate);
  ak = eccKey(akEccTemplate);
  readonly banks: readonly HashAlgorithm[];
  readonly #pcrs = new Map<string, Uint8Array>();
  clock: ClockInfo = { clock: 1000n, resetCount: 1, restartCount: 0, safe: true };

  constructor(banks: readonly HashAlgorithm[] = ['sha1', 'sha256']) {
    this.banks = banks;
    this.#clear();
  }

  #clear(): void {
    for (const bank of this.banks) {
      for (let pcr = 0; pcr < 24; pcr++) {
        const initial = pcr >= 17 && pcr <= 22 ? 0xff : 0;
        this.#pcrs.set(`${bank}:${pcr}`, new Uint8Array(digestSizes[bank]).fill(initial));
      }
    }
  }

  reset(): void {
    this.#clear();
    const { clock, resetCount } = this.clock;
    this.clock = { clock: clock + 1000n, resetCount: resetCount + 1, restartCount: 0, safe: true };
  }

  get ekPublic(): Uint8Array {
    return encodePublicArea(this.ek.area);
  }

  get akPublic(): Uint8Array {
    return encodePublicArea(this.ak.area);
  }

  get ekName(): Uint8Array {
    return nameOf(this.ek.area);
  }

  pcr(bank: HashAlgorithm, index: number): Uint8Array {
    return this.#pcrs.get(`${bank}:${index}`) as Uint8Array;
  }

  extend(pcr: number, digests: Readonly<Partial<Record<HashAlgorithm, Uint8Array>>>): void {
    for (const bank of this.banks) {
      const digest = digests[bank];
      if (digest !== undefined) {
        this.#pcrs.set(`${bank}:${pcr}`, hash(bank, concatBytes(this.pcr(bank, pcr), digest)));
      }
    }
  }

  quote(
    extraData: Uint8Array,
    selection: PcrSelection,
  ): { readonly attest: Uint8Array; readonly signature: Uint8Array } {
    this.clock = { ...this.clock, clock: this.clock.clock + 10n };
    const values = selection.flatMap(({ bank, indexes }) => indexes.map((pcr) => this.pcr(bank, pcr)));
    const attest = encodeAttest({
      qualifiedSigner: new Uint8Array(34),
      extraData,
      clockInfo: this.clock,
      firmwareVersion: 1n,
      attested: { kind: 'quote', selection, pcrDigest: pcrDigest('sha256', values) },
    });
    return { attest, signature: this.sign(attest) };
  }

  sign(attest: Uint8Array): Uint8Array {
    const joined = sign('sha256', attest, { key: this.ak.key, dsaEncoding: 'ieee-p1363' });
    return encodeSignature({
      kind: 'ecdsa',
      hash: 'sha256',
      r: new Uint8Array(joined.subarray(0, 32)),
      s: new Uint8Array(joined.subarray(32)),
    });
  }

  /** ActivateCredential (TPM 2.0 Part 1, 24) for the own AK; null where the TPM would refuse. */
  activate(credentialBlob: Uint8Array, secret: Uint8Array): Uint8Array | null {
    const point = new ByteReader(secret);
    const x = readSized(point);
    const y = readSized(point);
    const ecdh = createECDH('prime256v1');
    ecdh.setPrivateKey(raw(this.ek.key.export({ format: 'jwk' }).d));
    const z = ecdh.computeSecret(concatBytes(Uint8Array.of(4), x, y));
    const seed = kdfE('sha256', z, 'IDENTITY', x, this.ek.area.x, 256);
    const blob = new ByteReader(credentialBlob);
    const integrity = readSized(blob);
    const cipher = blob.take(blob.remaining);
    const name = nameOf(this.ak.area);
    const mac = hmac('sha256', kdfA('sha256', seed, 'INTEGRITY', none, none, 256), concatBytes(cipher, name));
    if (!equalBytes(mac, integrity)) return null;
    const key = kdfA('sha256', seed, 'STORAGE', name, none, 128);
    const aes = createDecipheriv('aes-128-cfb', key, new Uint8Array(16));
    return readSized(new ByteReader(concatBytes(aes.update(cipher), aes.final())));
  }
}
