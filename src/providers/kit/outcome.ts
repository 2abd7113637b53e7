import { fromBase64, messageOf, TvdcError } from '../../base/index.js';
import { CimError, type CimInstancePath, type CimValue } from '../../cim/index.js';
import type { MethodOutcome } from '../../cimom/index.js';
import { InvalidPolicyError, RefusedError, VmmError } from '../../vmm/index.js';
import { decisionId } from './paths.js';

/** Return values of our own methods; 0 to 6 as in the schema. */
export const returnCodes = {
  completed: 0,
  notSupported: 1,
  unknown: 2,
  timeout: 3,
  failed: 4,
  invalidParameter: 5,
  inUse: 6,
  jobStarted: 4096,
  invalidStateTransition: 4097,
  refusedByPolicy: 32768,
  runningSystemsViolate: 32769,
  versionPreventsUpdate: 32770,
  invalidPolicy: 32771,
  oldLabelMismatch: 32772,
  sanitizationRequired: 32773,
} as const;

function refusalCode(reason: string | null): number {
  switch (reason) {
    case 'running_domains_violate':
      return returnCodes.runningSystemsViolate;
    case 'version_prevents_update':
      return returnCodes.versionPreventsUpdate;
    case 'invalid_policy':
      return returnCodes.invalidPolicy;
    case 'old_label_mismatch':
      return returnCodes.oldLabelMismatch;
    default:
      return returnCodes.refusedByPolicy;
  }
}

/**
 * Return value that a method of ours has for an error.
 * @param code of the error; what is not about the host has failed
 * @param reason the reference monitor's
 */
export function returnCodeOf(code: string, reason: string | null): number {
  switch (code) {
    case 'refused':
      return refusalCode(reason);
    case 'invalid_policy':
      return returnCodes.invalidPolicy;
    case 'wrong_state':
      return returnCodes.invalidStateTransition;
    case 'in_use':
    case 'migrating':
    case 'job_running':
      return returnCodes.inUse;
    case 'name_in_use':
    case 'invalid':
      return returnCodes.invalidParameter;
    case 'sanitization_required':
      return returnCodes.sanitizationRequired;
    default:
      return returnCodes.failed;
  }
}

/** InstanceID of the TVDC_AccessDecision that refused; null: none is kept. */
function recordOf({ decisionId: id }: RefusedError): string | null {
  return id === null ? null : decisionId(id);
}

/**
 * Runs a method of ours: what goes wrong becomes its return value, with Explanation and, for decisions, DecisionID.
 * @throws CimError 6 where an element named does not exist; anything that is not about the host passes through
 */
export function ownMethod(work: () => Promise<Readonly<Record<string, CimValue>> | void>): Promise<MethodOutcome> {
  return ownOutcome(async () => ({ returnValue: returnCodes.completed, out: (await work()) ?? {} }));
}

/** The same for work that makes the whole outcome, such as that a job goes on. */
export async function ownOutcome(work: () => Promise<MethodOutcome>): Promise<MethodOutcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CimError || !(error instanceof TvdcError)) throw error;
    if (error instanceof VmmError && error.code === 'not_found') throw new CimError(6, error.message);
    const out = { Explanation: error.message };
    if (error instanceof RefusedError) {
      const returnValue = returnCodeOf(error.code, error.decision.reason);
      return { returnValue, out: { ...out, DecisionID: recordOf(error) } };
    }
    const isOfHost = error instanceof VmmError || error instanceof InvalidPolicyError;
    return { returnValue: isOfHost ? returnCodeOf(error.code, null) : returnCodes.failed, out };
  }
}

/** Runs work behind an operation or a method inherited from the schema: what goes wrong becomes a CIM status. */
export async function asCimStatus<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toCimError(error);
  }
}

/** CIM_VirtualSystemManagementService: what its methods return besides 0. */
const invalidState = 5;

/**
 * Runs a method inherited from CIM_VirtualSystemManagementService that knows the return value Invalid State; all else that goes
 * wrong becomes a CIM status, which has a sentence.
 */
export async function inheritedMethod(work: () => Promise<MethodOutcome>): Promise<MethodOutcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof VmmError && error.code === 'wrong_state') return { returnValue: invalidState };
    throw toCimError(error);
  }
}

/** Refusals are status 1 with the message's identifier; missing elements are 6; wrong values are 4. */
export function toCimError(error: unknown): unknown {
  if (error instanceof RefusedError) {
    // The methods of the schema have no parameter for it.
    const record = recordOf(error);
    const text = `${error.messageId}: ${error.message}${record === null ? '' : ` (${record})`}`;
    return new CimError(1, text, { messageId: error.messageId, cause: error });
  }
  if (error instanceof VmmError) {
    const status = error.code === 'not_found' ? 6 : error.code === 'invalid' || error.code === 'name_in_use' ? 4 : 1;
    const prefix = error.messageId === null ? '' : `${error.messageId}: `;
    return new CimError(status, `${prefix}${error.message}`, {
      cause: error,
      ...(error.messageId === null ? {} : { messageId: error.messageId }),
    });
  }
  if (error instanceof CimError || !(error instanceof TvdcError)) return error;
  return new CimError(1, messageOf(error), { cause: error });
}

/** An argument that must be there. @throws CimError 4 */
export function requiredText(parameters: Readonly<Record<string, CimValue>>, name: string): string {
  const value = parameters[name];
  if (typeof value !== 'string' || value === '') throw new CimError(4, `parameter ${name} is required`);
  return value;
}

export function optionalText(parameters: Readonly<Record<string, CimValue>>, name: string): string | null {
  const value = parameters[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The texts of an array of strings; NULL is none. */
export function textList(parameters: Readonly<Record<string, CimValue>>, name: string): readonly string[] {
  const value = parameters[name];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** A reference that must be there. @throws CimError 4 */
export function requiredPath(parameters: Readonly<Record<string, CimValue>>, name: string): CimInstancePath {
  const value = parameters[name];
  if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance-path') return value;
  throw new CimError(4, `parameter ${name} must name an instance`);
}

/** Octets that travel as base64. @throws CimError 4 */
export function requiredOctets(parameters: Readonly<Record<string, CimValue>>, name: string): Uint8Array {
  const text = requiredText(parameters, name);
  try {
    return fromBase64(text);
  } catch {
    throw new CimError(4, `parameter ${name} is not base64`);
  }
}
