import { handleTypes, type TpmCommand, tpmHandles } from '../../../tpm/index.js';

/** What may stand in a place for a handle (TPMI types, TPM 2.0 Part 2, 9). */
export type HandleKind =
  | 'pcr'
  | 'pcrOrNull'
  | 'object'
  | 'objectOrNull'
  | 'hierarchy'
  | 'provision'
  | 'platform'
  | 'lockout'
  | 'endorsement'
  | 'clear'
  | 'hierarchyAuth'
  | 'nv'
  | 'nvAuth'
  | 'policySession'
  | 'session'
  | 'entity'
  | 'entityOrNull'
  | 'context';

const { owner, platform, endorsement, lockout } = tpmHandles;
const nullHandle = tpmHandles.null;

const permanentOf: Partial<Record<HandleKind, readonly number[]>> = {
  pcrOrNull: [nullHandle],
  objectOrNull: [nullHandle],
  hierarchy: [owner, platform, endorsement, nullHandle],
  provision: [owner, platform],
  platform: [platform],
  lockout: [lockout],
  endorsement: [endorsement],
  clear: [lockout, platform],
  hierarchyAuth: [owner, platform, endorsement, lockout],
  nvAuth: [owner, platform],
  entity: [owner, platform, endorsement, lockout, nullHandle],
  entityOrNull: [owner, platform, endorsement, lockout, nullHandle],
};

const { pcr, nvIndex, hmacSession, policySession, transient, persistent } = handleTypes;
const typesOf: Partial<Record<HandleKind, readonly number[]>> = {
  pcr: [pcr],
  pcrOrNull: [pcr],
  object: [transient, persistent],
  objectOrNull: [transient, persistent],
  nv: [nvIndex],
  nvAuth: [nvIndex],
  policySession: [policySession],
  session: [hmacSession, policySession],
  entity: [pcr, nvIndex, transient, persistent],
  entityOrNull: [pcr, nvIndex, transient, persistent],
  context: [transient, hmacSession, policySession],
};

/** Whether a handle is of a kind. */
export function fitsKind(handle: number, kind: HandleKind): boolean {
  const type = handle >>> 24;
  if (type === handleTypes.permanent) return permanentOf[kind]?.includes(handle) === true;
  return typesOf[kind]?.includes(type) === true;
}

/** Kinds of the handles of each command (TPM 2.0 Part 3). */
export const handleKinds: Partial<Record<TpmCommand, readonly HandleKind[]>> = {
  evictControl: ['provision', 'object'],
  hierarchyControl: ['hierarchyAuth'],
  nvUndefineSpace: ['provision', 'nv'],
  changeEps: ['platform'],
  changePps: ['platform'],
  clear: ['clear'],
  clearControl: ['clear'],
  clockSet: ['provision'],
  hierarchyChangeAuth: ['hierarchyAuth'],
  nvDefineSpace: ['provision'],
  createPrimary: ['hierarchy'],
  nvIncrement: ['nvAuth', 'nv'],
  nvSetBits: ['nvAuth', 'nv'],
  nvExtend: ['nvAuth', 'nv'],
  nvWrite: ['nvAuth', 'nv'],
  nvWriteLock: ['nvAuth', 'nv'],
  dictionaryAttackLockReset: ['lockout'],
  dictionaryAttackParameters: ['lockout'],
  nvChangeAuth: ['nv'],
  pcrEvent: ['pcrOrNull'],
  pcrReset: ['pcr'],
  activateCredential: ['object', 'object'],
  certify: ['object', 'objectOrNull'],
  certifyCreation: ['objectOrNull', 'object'],
  getTime: ['endorsement', 'objectOrNull'],
  nvRead: ['nvAuth', 'nv'],
  nvReadLock: ['nvAuth', 'nv'],
  policySecret: ['entity', 'policySession'],
  create: ['object'],
  load: ['object'],
  quote: ['objectOrNull'],
  sign: ['object'],
  unseal: ['object'],
  contextSave: ['context'],
  makeCredential: ['object'],
  nvReadPublic: ['nv'],
  policyAuthValue: ['policySession'],
  policyCommandCode: ['policySession'],
  policyLocality: ['policySession'],
  policyOr: ['policySession'],
  readPublic: ['object'],
  startAuthSession: ['objectOrNull', 'entityOrNull'],
  policyPcr: ['policySession'],
  policyRestart: ['policySession'],
  pcrExtend: ['pcrOrNull'],
  nvCertify: ['objectOrNull', 'nvAuth', 'nv'],
  policyGetDigest: ['policySession'],
  policyPassword: ['policySession'],
  objectChangeAuth: ['object', 'object'],
};
