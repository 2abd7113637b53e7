/**
 * TPM_CC with what both ends must know to read a frame (TPM 2.0 Part 2, 6.5.2 and 8.9; Part 3): handles in the command, how many
 * of them need authorization, whether the response carries a handle, and whether a first parameter that is a TPM2B may be
 * encrypted in the command and in the response. `role` names the authorization role of the first handle where it is not USER.
 */
export interface TpmCommandFacts {
  readonly code: number;
  readonly handles: number;
  readonly authorizations: number;
  readonly responseHandle: boolean;
  readonly decryptable: boolean;
  readonly encryptable: boolean;
  readonly nv: boolean;
  readonly flushes: boolean;
}

function facts(code: number, handles: number, authorizations: number, flags = ''): TpmCommandFacts {
  return {
    code,
    handles,
    authorizations,
    responseHandle: flags.includes('r'),
    decryptable: flags.includes('d'),
    encryptable: flags.includes('e'),
    nv: flags.includes('n'),
    flushes: flags.includes('f'),
  };
}

/** Flags: r response handle, d first command parameter is a TPM2B, e first response parameter is a TPM2B, n changes NV, f flushes. */
export const tpmCommands = {
  evictControl: facts(0x120, 2, 1, 'n'),
  hierarchyControl: facts(0x121, 1, 1, 'nf'),
  nvUndefineSpace: facts(0x122, 2, 1, 'n'),
  changeEps: facts(0x124, 1, 1, 'nf'),
  changePps: facts(0x125, 1, 1, 'nf'),
  clear: facts(0x126, 1, 1, 'nf'),
  clearControl: facts(0x127, 1, 1, 'n'),
  clockSet: facts(0x128, 1, 1, 'n'),
  hierarchyChangeAuth: facts(0x129, 1, 1, 'dn'),
  nvDefineSpace: facts(0x12a, 1, 1, 'dn'),
  createPrimary: facts(0x131, 1, 1, 'rden'),
  nvIncrement: facts(0x134, 2, 1, 'n'),
  nvSetBits: facts(0x135, 2, 1, 'n'),
  nvExtend: facts(0x136, 2, 1, 'dn'),
  nvWrite: facts(0x137, 2, 1, 'dn'),
  nvWriteLock: facts(0x138, 2, 1, 'n'),
  dictionaryAttackLockReset: facts(0x139, 1, 1, 'n'),
  dictionaryAttackParameters: facts(0x13a, 1, 1, 'n'),
  nvChangeAuth: facts(0x13b, 1, 1, 'dn'),
  pcrEvent: facts(0x13c, 1, 1, 'dn'),
  pcrReset: facts(0x13d, 1, 1, 'n'),
  incrementalSelfTest: facts(0x142, 0, 0, 'n'),
  selfTest: facts(0x143, 0, 0, 'n'),
  startup: facts(0x144, 0, 0, 'n'),
  shutdown: facts(0x145, 0, 0, 'n'),
  activateCredential: facts(0x147, 2, 2, 'de'),
  certify: facts(0x148, 2, 2, 'de'),
  certifyCreation: facts(0x14a, 2, 1, 'de'),
  getTime: facts(0x14c, 2, 2, 'de'),
  nvRead: facts(0x14e, 2, 1, 'e'),
  nvReadLock: facts(0x14f, 2, 1, 'n'),
  objectChangeAuth: facts(0x150, 2, 1, 'de'),
  policySecret: facts(0x151, 2, 1, 'de'),
  create: facts(0x153, 1, 1, 'de'),
  load: facts(0x157, 1, 1, 'rde'),
  quote: facts(0x158, 1, 1, 'de'),
  sign: facts(0x15d, 1, 1, 'd'),
  unseal: facts(0x15e, 1, 1, 'e'),
  contextLoad: facts(0x161, 0, 0, 'r'),
  contextSave: facts(0x162, 1, 0, ''),
  flushContext: facts(0x165, 0, 0, ''),
  loadExternal: facts(0x167, 0, 0, 'rde'),
  makeCredential: facts(0x168, 1, 0, 'de'),
  nvReadPublic: facts(0x169, 1, 0, 'e'),
  policyAuthValue: facts(0x16b, 1, 0, ''),
  policyCommandCode: facts(0x16c, 1, 0, ''),
  policyLocality: facts(0x16f, 1, 0, ''),
  policyOr: facts(0x171, 1, 0, ''),
  readPublic: facts(0x173, 1, 0, 'e'),
  startAuthSession: facts(0x176, 2, 0, 'rde'),
  getCapability: facts(0x17a, 0, 0, ''),
  getRandom: facts(0x17b, 0, 0, 'e'),
  getTestResult: facts(0x17c, 0, 0, 'e'),
  hash: facts(0x17d, 0, 0, 'de'),
  pcrRead: facts(0x17e, 0, 0, ''),
  policyPcr: facts(0x17f, 1, 0, 'd'),
  policyRestart: facts(0x180, 1, 0, ''),
  readClock: facts(0x181, 0, 0, ''),
  pcrExtend: facts(0x182, 1, 1, 'n'),
  nvCertify: facts(0x184, 3, 2, 'de'),
  policyGetDigest: facts(0x189, 1, 0, 'e'),
  policyPassword: facts(0x18c, 1, 0, ''),
} as const;
export type TpmCommand = keyof typeof tpmCommands;

const byCode = new Map<number, TpmCommand>(
  (Object.keys(tpmCommands) as TpmCommand[]).map((name) => [tpmCommands[name].code, name]),
);

/** Name of a command code, or undefined. */
export function commandName(code: number): TpmCommand | undefined {
  return byCode.get(code);
}
