import { TvdcError } from '../../base/index.js';
import type { CimValue } from '../../cim/index.js';
import { JobFailedError } from './jobs.js';
import type { InvokeResult } from '../wbem/index.js';

/** Meaning of the return values of TVDC methods. */
export const returnNames: Readonly<Record<number, string>> = {
  0: 'completed',
  1: 'not supported',
  2: 'unknown error',
  3: 'timeout',
  4: 'failed',
  5: 'invalid parameter',
  6: 'in use',
  4096: 'job started',
  4097: 'invalid state transition',
  4098: 'timeout parameter not supported',
  32768: 'refused by policy',
  32769: 'running systems violate',
  32770: 'version prevents update',
  32771: 'invalid policy',
  32772: 'old label mismatch',
  32773: 'sanitization required',
};

/** CIM_VirtualSystemManagementService gives some of these values another meaning. */
const inheritedNames: Readonly<Record<number, string>> = {
  2: 'failed',
  4: 'invalid parameter',
  5: 'invalid state',
  6: 'incompatible parameters',
};
const inheritedMethods: readonly string[] = [
  'DefineSystem',
  'DestroySystem',
  'AddResourceSettings',
  'RemoveResourceSettings',
  'ModifySystemSettings',
  'ModifyResourceSettings',
];

function nameOfReturn(method: string, value: number): string {
  const inherited = inheritedMethods.includes(method) ? inheritedNames[value] : undefined;
  return inherited ?? returnNames[value] ?? `return value ${value}`;
}

/** A method of a host's service did not do what was asked; `explanation` is the server's own sentence. */
export class MethodRefusedError extends TvdcError<'method_refused'> {
  readonly method: string;
  readonly returnValue: number;
  readonly explanation: string;
  readonly decisionId: string | null;

  constructor(method: string, returnValue: number, out: Readonly<Record<string, CimValue>>) {
    const said = out['Explanation'];
    const explanation = typeof said === 'string' ? said : nameOfReturn(method, returnValue);
    super('method_refused', explanation, { details: { method, returnValue } });
    this.method = method;
    this.returnValue = returnValue;
    this.explanation = explanation;
    this.decisionId = typeof out['DecisionID'] === 'string' ? out['DecisionID'] : null;
  }
}

/** Whether a method was refused because of the state of its virtual machine; it says so without a sentence. */
export function isWrongState(error: unknown): boolean {
  if (error instanceof JobFailedError) return error.job.errorCode === 4097;
  if (!(error instanceof MethodRefusedError)) return false;
  return error.returnValue === (inheritedMethods.includes(error.method) ? 5 : 4097);
}

/** OUT parameters of a method that completed. @throws MethodRefusedError */
export function completed(method: string, result: InvokeResult): Readonly<Record<string, CimValue>> {
  const value = Number(result.returnValue ?? 0);
  if (value !== 0) throw new MethodRefusedError(method, value, result.out);
  return result.out;
}

/** A text among OUT parameters; empty where it is not there. */
export function outText(out: Readonly<Record<string, CimValue>>, name: string): string {
  const value = out[name];
  return typeof value === 'string' ? value : '';
}
