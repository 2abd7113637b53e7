import { ByteWriter, digestSizes, hash, hmac, concatBytes } from '../../../base/index.js';
import {
  hasAttributes,
  type Hierarchy,
  isSigningScheme,
  kdfA,
  nameOfEncoded,
  type PcrSelection,
  type PublicArea,
  structureTags,
  tpmAlgorithms,
  tpmHandles,
  writePcrSelection,
  writeSized,
  type EccPublicArea,
  type RsaPublicArea,
} from '../../../tpm/index.js';
import { makeEccKey, softwareCurves } from '../crypto/ecc.js';
import { makeRsaKey, type OctetStream, type RsaKeyMaterial } from '../crypto/rsa.js';
import type { Engine } from './engine.js';
import { failParameter, type PlacedCode } from './failure.js';
import type { Sensitive, TpmObject } from './object.js';

const none = new Uint8Array(0);
const refuse = (code: PlacedCode): never => failParameter(code, 2);

/** What TPM2_Create and TPM2_CreatePrimary are asked for. */
export interface CreationRequest {
  readonly template: PublicArea;
  readonly userAuth: Uint8Array;
  readonly data: Uint8Array;
  readonly outsideInfo: Uint8Array;
  readonly creationPcrs: PcrSelection;
}

/** Refuses templates that contradict themselves (TPM 2.0 Part 3, 12.1.1 and Part 2, 8.3.3). */
export function checkTemplate({ template, data }: CreationRequest, parent: TpmObject | null): void {
  const has = (name: Parameters<typeof hasAttributes>[1]): boolean => hasAttributes(template, name);
  const sealed = template.kind === 'keyedhash' && !has('sign') && !has('decrypt');
  if ((template.attributes & ~0x000f0cf6) !== 0) refuse('TPM_RC_RESERVED_BITS');
  if (template.authPolicy.length !== 0 && template.authPolicy.length !== digestSizes[template.nameAlgorithm])
    refuse('TPM_RC_SIZE');
  if (template.kind === 'symcipher') refuse('TPM_RC_TYPE');
  if (has('fixedTpm') && (!has('fixedParent') || (parent !== null && !hasAttributes(parent.publicArea, 'fixedTpm'))))
    refuse('TPM_RC_ATTRIBUTES');
  if (has('fixedParent') && !has('fixedTpm') && parent === null) refuse('TPM_RC_ATTRIBUTES');
  if (has('restricted') && has('sign') === has('decrypt')) refuse('TPM_RC_ATTRIBUTES');
  if (sealed ? has('sensitiveDataOrigin') || data.length === 0 : !has('sensitiveDataOrigin'))
    refuse('TPM_RC_ATTRIBUTES');
  if (template.kind !== 'keyedhash' && data.length > 0 && parent !== null) failParameter('TPM_RC_SIZE', 1);
  if (template.kind === 'rsa' || template.kind === 'ecc') checkAsymmetric(template);
}

function checkAsymmetric(template: RsaPublicArea | EccPublicArea): void {
  const storage = hasAttributes(template, 'restricted', 'decrypt');
  const restrictedSigning = hasAttributes(template, 'restricted', 'sign');
  if (!hasAttributes(template, 'sign') && !hasAttributes(template, 'decrypt')) refuse('TPM_RC_ATTRIBUTES');
  if ((template.symmetric !== null) !== storage) refuse('TPM_RC_SYMMETRIC');
  if (storage && template.scheme !== null) refuse('TPM_RC_SCHEME');
  if (restrictedSigning && !isSigningScheme(template.scheme)) refuse('TPM_RC_SCHEME');
  const algorithm = template.scheme?.algorithm;
  const rsaSchemes = ['rsassa', 'rsapss', 'rsaes', 'oaep'];
  if (algorithm !== undefined && (template.kind === 'rsa') !== rsaSchemes.includes(algorithm)) refuse('TPM_RC_SCHEME');
  if (template.kind === 'ecc') {
    if (!softwareCurves.includes(template.curve)) refuse('TPM_RC_CURVE');
    return;
  }
  if (template.keyBits !== 2048 && template.keyBits !== 3072) refuse('TPM_RC_VALUE');
  if (template.exponent !== 0 && template.exponent !== 65537) refuse('TPM_RC_RANGE');
}

/** Octets that follow from a hierarchy's seed and the request, so that the same request gives the same key. */
export function derivationStream(seed: Uint8Array, encodedTemplate: Uint8Array, data: Uint8Array): OctetStream {
  const request = hash('sha256', concatBytes(hash('sha256', encodedTemplate), hash('sha256', data)));
  let counter = 0;
  return (length) => kdfA('sha256', seed, 'PRIMARY', request, new ByteWriter(4).u32(counter++).finish(), length * 8);
}

const rsaKeys = new Map<string, Promise<RsaKeyMaterial>>();
const rsaKeysKept = 32;

/** The search takes a tenth of a second, so recent results are kept: a primary key is often asked for again. */
function cachedRsaKey(bits: number, stream: OctetStream, key: string): Promise<RsaKeyMaterial> {
  const known = rsaKeys.get(key);
  if (known !== undefined) return known;
  const made = makeRsaKey(bits, stream);
  rsaKeys.set(key, made);
  const oldest = rsaKeys.keys().next();
  if (rsaKeys.size > rsaKeysKept && oldest.done !== true) rsaKeys.delete(oldest.value);
  return made;
}

/** Makes the key of a template. `cacheKey` is given where the stream is deterministic. */
export function makeKey(
  { template, userAuth, data }: CreationRequest,
  stream: OctetStream,
  cacheKey: string | null,
):
  | { readonly publicArea: PublicArea; readonly sensitive: Sensitive }
  | Promise<{ readonly publicArea: PublicArea; readonly sensitive: Sensitive }> {
  const size = digestSizes[template.nameAlgorithm];
  const seeded = hasAttributes(template, 'restricted', 'decrypt') || template.kind === 'keyedhash';
  const seedValue = seeded ? stream(size) : none;
  switch (template.kind) {
    case 'ecc': {
      const key = makeEccKey(template.curve, stream);
      return {
        publicArea: { ...template, x: key.x, y: key.y },
        sensitive: { authValue: userAuth, seedValue, secret: key.scalar },
      };
    }
    case 'rsa': {
      const making =
        cacheKey === null ? makeRsaKey(template.keyBits, stream) : cachedRsaKey(template.keyBits, stream, cacheKey);
      return making.then(({ modulus, prime }) => ({
        publicArea: { ...template, unique: modulus },
        sensitive: { authValue: userAuth, seedValue, secret: prime },
      }));
    }
    case 'keyedhash': {
      const secret = data.length > 0 ? data : stream(size);
      const unique = hash(template.nameAlgorithm, concatBytes(seedValue, secret));
      return { publicArea: { ...template, unique }, sensitive: { authValue: userAuth, seedValue, secret } };
    }
    case 'symcipher':
      return refuse('TPM_RC_TYPE');
  }
}

/** creationData, creationHash and creationTicket of a new object (Part 2, 15). */
export function writeCreation(
  out: ByteWriter,
  engine: Engine,
  object: TpmObject,
  request: CreationRequest,
  parent: { readonly name: Uint8Array; readonly qualifiedName: Uint8Array; readonly nameAlgorithm: number },
): void {
  const algorithm = object.publicArea.nameAlgorithm;
  const { pcrs } = engine.volatile;
  const selection = pcrs.available(request.creationPcrs);
  const data = new ByteWriter(256);
  writePcrSelection(data, selection);
  // Without PCRs the digest is empty (Part 2, 15.1).
  const chosen = selection.some(({ indexes }) => indexes.length > 0);
  writeSized(data, chosen ? hash(algorithm, pcrs.concatenated(selection)) : none);
  data.u8(1 << engine.locality).u16(parent.nameAlgorithm);
  writeSized(data, parent.name);
  writeSized(data, parent.qualifiedName);
  writeSized(data, request.outsideInfo);
  const encoded = data.finish();
  const creationHash = hash(algorithm, encoded);
  writeSized(out, encoded);
  writeSized(out, creationHash);
  out.u16(structureTags.creation).u32(tpmHandles[object.hierarchy]);
  writeSized(out, creationTicket(engine, object.hierarchy, object.name, creationHash));
}

/** Proof that this TPM created an object (Part 2, 10.7.3). */
export function creationTicket(
  engine: Engine,
  hierarchy: Hierarchy,
  name: Uint8Array,
  creationHash: Uint8Array,
): Uint8Array {
  const message = concatBytes(new ByteWriter(2).u16(structureTags.creation).finish(), name, creationHash);
  return hmac('sha256', engine.permanent.hierarchies[hierarchy].proof, message);
}

/** How the parent of an object stands in its creation data. */
export function parentFacts(parent: TpmObject | number): {
  readonly name: Uint8Array;
  readonly qualifiedName: Uint8Array;
  readonly nameAlgorithm: number;
} {
  if (typeof parent !== 'number') {
    return {
      name: parent.name,
      qualifiedName: parent.qualifiedName,
      nameAlgorithm: tpmAlgorithms[parent.publicArea.nameAlgorithm],
    };
  }
  const name = new ByteWriter(4).u32(parent).finish();
  return { name, qualifiedName: name, nameAlgorithm: tpmAlgorithms.null };
}

/** Name of a template, part of the key of cached searches. */
export function templateName(encoded: Uint8Array): string {
  return Buffer.from(nameOfEncoded(encoded, 'sha256')).toString('hex');
}
