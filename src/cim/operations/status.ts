import { TvdcError } from '../../base/index.js';
import type { CimInstance } from '../model/index.js';

/** CIM status codes (DSP0200 5.2.2, CIM_Error.CIMStatusCode); 18 and 19 are retired. */
export const cimStatusNames = {
  1: 'CIM_ERR_FAILED',
  2: 'CIM_ERR_ACCESS_DENIED',
  3: 'CIM_ERR_INVALID_NAMESPACE',
  4: 'CIM_ERR_INVALID_PARAMETER',
  5: 'CIM_ERR_INVALID_CLASS',
  6: 'CIM_ERR_NOT_FOUND',
  7: 'CIM_ERR_NOT_SUPPORTED',
  8: 'CIM_ERR_CLASS_HAS_CHILDREN',
  9: 'CIM_ERR_CLASS_HAS_INSTANCES',
  10: 'CIM_ERR_INVALID_SUPERCLASS',
  11: 'CIM_ERR_ALREADY_EXISTS',
  12: 'CIM_ERR_NO_SUCH_PROPERTY',
  13: 'CIM_ERR_TYPE_MISMATCH',
  14: 'CIM_ERR_QUERY_LANGUAGE_NOT_SUPPORTED',
  15: 'CIM_ERR_INVALID_QUERY',
  16: 'CIM_ERR_METHOD_NOT_AVAILABLE',
  17: 'CIM_ERR_METHOD_NOT_FOUND',
  20: 'CIM_ERR_NAMESPACE_NOT_EMPTY',
  21: 'CIM_ERR_INVALID_ENUMERATION_CONTEXT',
  22: 'CIM_ERR_INVALID_OPERATION_TIMEOUT',
  23: 'CIM_ERR_PULL_HAS_BEEN_ABANDONED',
  24: 'CIM_ERR_PULL_CANNOT_BE_ABANDONED',
  25: 'CIM_ERR_FILTERED_ENUMERATION_NOT_SUPPORTED',
  26: 'CIM_ERR_CONTINUATION_ON_ERROR_NOT_SUPPORTED',
  27: 'CIM_ERR_SERVER_LIMITS_EXCEEDED',
  28: 'CIM_ERR_SERVER_IS_SHUTTING_DOWN',
  29: 'CIM_ERR_QUERY_FEATURE_NOT_SUPPORTED',
} as const;

export type CimStatus = keyof typeof cimStatusNames;

/** Name of a status; a number outside the table is named as it is. */
export function statusName(status: number): string {
  return (cimStatusNames as Readonly<Record<number, string>>)[status] ?? `CIM_ERR_${status}`;
}

export interface CimErrorOptions {
  readonly cause?: unknown;
  /** CIM_Error instances for clients that can read them. */
  readonly instances?: readonly CimInstance[];
  /** Identifier from the message registry, as TVDC0203. */
  readonly messageId?: string;
  readonly messageArguments?: readonly string[];
}

/** An operation's failure as DSP0200 knows it. `description` is complete without the instances. */
export class CimError extends TvdcError<'cim'> {
  readonly status: number;
  readonly description: string;
  readonly instances: readonly CimInstance[];
  readonly messageId: string | null;
  readonly messageArguments: readonly string[];

  constructor(status: number, description: string, options: CimErrorOptions = {}) {
    super('cim', `${statusName(status)}: ${description}`, { cause: options.cause, details: { status } });
    this.status = status;
    this.description = description;
    this.instances = options.instances ?? [];
    this.messageId = options.messageId ?? null;
    this.messageArguments = options.messageArguments ?? [];
  }
}
