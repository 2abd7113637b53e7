import { type ByteWriter, digestSizes, type HashAlgorithm } from '../../../base/index.js';
import {
  capabilities,
  eccCurves,
  handleTypes,
  tpmAlgorithms,
  type TpmCommand,
  tpmCommands,
  tpmProperties,
  writePcrSelection,
} from '../../../tpm/index.js';
import type { CommandCall, CommandHandler } from '../core/call.js';
import { clockUpdateInterval, type Engine, limits } from '../core/engine.js';
import { pcrAttributes, pcrCount } from '../core/pcr-banks.js';
import { firmwareVersion } from '../core/signing.js';
import { softwareCurves } from '../crypto/ecc.js';

const listLimit = 120;

/** Key and writer of one element of a capability list, in the order of keys. */
type Element = readonly [key: number, write: (out: ByteWriter) => void];

function word(text: string): number {
  return Buffer.from(text.padEnd(4, '\0')).readUInt32BE();
}

/** TPMA_ALGORITHM: asymmetric 1, symmetric 2, hash 4, object 8, signing 0x100, encrypting 0x200, method 0x400. */
const algorithmAttributes: readonly (readonly [number, number])[] = [
  [tpmAlgorithms.rsa, 0x009],
  [tpmAlgorithms.sha1, 0x004],
  [tpmAlgorithms.hmac, 0x104],
  [tpmAlgorithms.aes, 0x002],
  [tpmAlgorithms.keyedhash, 0x30c],
  [tpmAlgorithms.xor, 0x006],
  [tpmAlgorithms.sha256, 0x004],
  [tpmAlgorithms.sha384, 0x004],
  [tpmAlgorithms.sha512, 0x004],
  [tpmAlgorithms.rsassa, 0x101],
  [tpmAlgorithms.rsaes, 0x201],
  [tpmAlgorithms.rsapss, 0x101],
  [tpmAlgorithms.oaep, 0x201],
  [tpmAlgorithms.ecdsa, 0x101],
  [tpmAlgorithms.ecdh, 0x401],
  [tpmAlgorithms.kdf1_sp800_56a, 0x404],
  [tpmAlgorithms.kdf1_sp800_108, 0x404],
  [tpmAlgorithms.ecc, 0x009],
  [tpmAlgorithms.cfb, 0x202],
];

/** TPMA_CC (TPM 2.0 Part 2, 8.9). */
function commandAttributes(command: TpmCommand): number {
  const { code, nv, flushes, handles, responseHandle } = tpmCommands[command];
  return (
    (code | (nv ? 0x400000 : 0) | (flushes ? 0x1000000 : 0) | (handles << 25) | (responseHandle ? 0x10000000 : 0)) >>> 0
  );
}

function propertiesOf(engine: Engine): ReadonlyMap<number, number> {
  const { permanent, volatile } = engine;
  const p = tpmProperties;
  const { owner, endorsement, platform } = permanent.hierarchies;
  const { lockout } = permanent;
  const set = (value: boolean, bit: number): number => (value ? bit : 0);
  const permanentBits =
    set(owner.auth.length > 0, 1) |
    set(endorsement.auth.length > 0, 2) |
    set(lockout.lockoutAuth.length > 0, 4) |
    set(permanent.clearDisabled, 0x100) |
    set(lockout.failures >= lockout.maxTries, 0x200) |
    0x400;
  const startupBits =
    set(platform.enabled, 1) |
    set(owner.enabled, 2) |
    set(endorsement.enabled, 4) |
    8 |
    set(permanent.shutdown !== 'none', 0x80000000);
  const sessions = volatile.sessions.size + volatile.savedSessions.size;
  const counters = [...permanent.nv.values()].filter(
    ({ publicArea }) => ((publicArea.attributes >>> 4) & 0xf) === 1,
  ).length;
  return new Map([
    [p.familyIndicator, word('2.0')],
    [p.level, 0],
    [p.revision, 164],
    [p.dayOfYear, 75],
    [p.year, 2021],
    [p.manufacturer, word('TVDC')],
    [p.vendorString1, word('tvdc')],
    [p.vendorString2, word(' sof')],
    [p.vendorString3, word('twar')],
    [p.vendorString4, word('e')],
    [p.vendorTpmType, 1],
    [p.firmwareVersion1, Number(firmwareVersion >> 32n)],
    [p.firmwareVersion2, Number(firmwareVersion & 0xffffffffn)],
    [p.inputBuffer, 1024],
    [p.hrTransientMin, limits.objects],
    [p.hrPersistentMin, limits.persistent],
    [p.hrLoadedMin, limits.sessions],
    [p.activeSessionsMax, limits.sessions],
    [p.pcrCount, pcrCount],
    [p.pcrSelectMin, 3],
    [p.contextGapMax, 0xffff],
    [p.nvCountersMax, 0],
    [p.nvIndexMax, limits.nvSize],
    [p.memory, 6],
    [p.clockUpdate, Number(clockUpdateInterval)],
    [p.contextHash, tpmAlgorithms.sha256],
    [p.contextSym, tpmAlgorithms.aes],
    [p.contextSymSize, 256],
    [p.orderlyCount, 0],
    [p.maxCommandSize, limits.command],
    [p.maxResponseSize, limits.command],
    [p.maxDigest, 64],
    [p.maxObjectContext, 2048],
    [p.maxSessionContext, 512],
    [p.psFamilyIndicator, 1],
    [p.psLevel, 0],
    [p.psRevision, 105],
    [p.psDayOfYear, 0],
    [p.psYear, 0],
    [p.splitMax, 0],
    [p.totalCommands, implemented.length],
    [p.libraryCommands, implemented.length],
    [p.vendorCommands, 0],
    [p.nvBufferMax, limits.nvBuffer],
    [p.modes, 0],
    [p.maxCapBuffer, 1024],
    [p.permanent, permanentBits],
    [p.startupClear, startupBits >>> 0],
    [p.hrNvIndex, permanent.nv.size],
    [p.hrLoaded, volatile.sessions.size],
    [p.hrLoadedAvail, limits.sessions - sessions],
    [p.hrActive, sessions],
    [p.hrActiveAvail, limits.sessions - sessions],
    [p.hrTransientAvail, limits.objects - volatile.objects.size],
    [p.hrPersistent, permanent.persistent.size],
    [p.hrPersistentAvail, limits.persistent - permanent.persistent.size],
    [p.nvCounters, counters],
    [p.nvCountersAvail, limits.nvIndices - permanent.nv.size],
    [p.algorithmSet, 0],
    [p.loadedCurves, softwareCurves.length],
    [p.lockoutCounter, lockout.failures],
    [p.maxAuthFail, lockout.maxTries],
    [p.lockoutInterval, lockout.recoveryTime],
    [p.lockoutRecovery, lockout.lockoutRecovery],
    [p.nvWriteRecovery, 0],
    [p.auditCounter0, 0],
    [p.auditCounter1, 0],
  ]);
}

/** Commands that this TPM carries out; filled by the table. */
let implemented: readonly TpmCommand[] = [];

/** Tells the capability command what the table holds. */
export function setImplementedCommands(commands: readonly TpmCommand[]): void {
  implemented = [...commands].sort((a, b) => tpmCommands[a].code - tpmCommands[b].code);
}

function handlesOfType(engine: Engine, type: number): readonly number[] {
  const { volatile, permanent } = engine;
  switch (type) {
    case handleTypes.pcr:
      return Array.from({ length: pcrCount }, (_, index) => index);
    case handleTypes.nvIndex:
      return [...permanent.nv.keys()];
    case handleTypes.hmacSession:
      return [...volatile.sessions.keys()];
    case handleTypes.policySession:
      return [...volatile.savedSessions.keys()];
    case handleTypes.permanent:
      return [0x40000001, 0x40000007, 0x40000009, 0x4000000a, 0x4000000b, 0x4000000c, 0x4000000d];
    case handleTypes.transient:
      return [...volatile.objects.keys()];
    case handleTypes.persistent:
      return [...permanent.persistent.keys()];
    default:
      return [];
  }
}

/** TPM_PT_PCR: which PCRs have a property (Part 2, 6.15). */
function pcrProperties(): readonly Element[] {
  const having = (test: (attributes: (typeof pcrAttributes)[number]) => boolean): Uint8Array => {
    const bits = new Uint8Array(3);
    pcrAttributes.forEach((attributes, index) => {
      if (test(attributes)) bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
    });
    return bits;
  };
  const at =
    (bit: number): ((localities: number) => boolean) =>
    (localities) =>
      ((localities >> bit) & 1) === 1;
  const rows: (readonly [number, Uint8Array])[] = [[0x00, having(({ saved }) => saved)]];
  for (let locality = 0; locality < 5; locality++) {
    rows.push([1 + 2 * locality, having(({ extendLocalities }) => at(locality)(extendLocalities))]);
    rows.push([2 + 2 * locality, having(({ resetLocalities }) => at(locality)(resetLocalities))]);
  }
  rows.push([0x11, having(({ counted }) => !counted)], [0x12, having(({ startsWith }) => startsWith === 0xff)]);
  return rows.map(([key, bits]) => [key, (out) => void out.u32(key).u8(bits.length).bytes(bits)]);
}

function elementsOf(engine: Engine, capability: number, first: number): readonly Element[] | undefined {
  switch (capability) {
    case capabilities.algorithms:
      return algorithmAttributes.map(([id, bits]) => [id, (out) => void out.u16(id).u32(bits)]);
    case capabilities.handles:
      return [...handlesOfType(engine, first >>> 24)]
        .sort((a, b) => a - b)
        .map((handle) => [handle, (out) => void out.u32(handle)]);
    case capabilities.commands:
      return implemented.map((command) => [
        tpmCommands[command].code,
        (out) => void out.u32(commandAttributes(command)),
      ]);
    case capabilities.ppCommands:
    case capabilities.auditCommands:
      return [];
    case capabilities.tpmProperties: {
      // A call answers one group of properties at most (Part 3, 30.2).
      const group = first < tpmProperties.permanent ? 1 : 2;
      return [...propertiesOf(engine)]
        .filter(([key]) => key >>> 8 === group)
        .map(([key, value]) => [key, (out) => void out.u32(key).u32(value)]);
    }
    case capabilities.pcrProperties:
      return pcrProperties();
    case capabilities.eccCurves:
      return softwareCurves.map((curve) => [eccCurves[curve], (out) => void out.u16(eccCurves[curve])]);
    default:
      return undefined;
  }
}

/** TPM2_GetCapability (TPM 2.0 Part 3, 30.2). */
function getCapability({ engine, parameters, out }: CommandCall): void {
  const capability = parameters.u32();
  if (capability > capabilities.eccCurves) parameters.refuse('TPM_RC_VALUE');
  const first = parameters.u32();
  const count = parameters.u32();
  parameters.end();
  if (capability === capabilities.pcrs) {
    out.u8(0).u32(capability);
    writePcrSelection(out, allocation(engine.permanent.banks));
    return;
  }
  const all = elementsOf(engine, capability, first);
  if (all === undefined) return parameters.refuse('TPM_RC_VALUE');
  const fitting = all.filter(([key]) => key >= first);
  const sent = fitting.slice(0, Math.min(count, listLimit));
  const further = capability === capabilities.tpmProperties && first < tpmProperties.permanent;
  out
    .u8(sent.length < fitting.length || further ? 1 : 0)
    .u32(capability)
    .u32(sent.length);
  for (const [, write] of sent) write(out);
}

function allocation(banks: readonly HashAlgorithm[]): Parameters<typeof writePcrSelection>[1] {
  const indexes = Array.from({ length: pcrCount }, (_, index) => index);
  return banks.filter((bank) => digestSizes[bank] > 0).map((bank) => ({ bank, indexes }));
}

export const capabilityCommands: readonly (readonly [TpmCommand, CommandHandler])[] = [
  ['getCapability', getCapability],
];
