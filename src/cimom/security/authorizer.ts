import type { CimInstance, CimInstancePath, CimObjectPath, CimValue } from '../../cim/model/index.js';
import type { Caller } from './caller.js';

/** What a caller wants to do, as far as it is known before anything is read. */
export interface Action {
  /** DSP0200 name of the operation, or `InvokeMethod`. */
  readonly operation: string;
  readonly access: 'read' | 'write' | 'schema' | 'invoke';
  readonly namespace: string;
  readonly className: string | null;
  readonly object: CimObjectPath | null;
  readonly methodName: string | null;
  readonly parameters: Readonly<Record<string, CimValue>>;
}

/** Decides who may do and see what. Scopes come from outside: the object manager knows no workloads. */
export interface Authorizer {
  /** Asked first, without the object: does the caller have any role at all? @throws CimError 2 */
  admit(caller: Caller): void;
  /** Asked with the whole action, parameters typed. @throws CimError 2 */
  request(caller: Caller, action: Action): Promise<void>;
  /** Test applied to every result, traversal, query and count; null: sees everything. */
  visible(caller: Caller): ((object: CimInstance | CimInstancePath, namespace: string) => boolean) | null;
  /** Told when an allowed action failed after all, because what it reached is not visible. */
  denied?(caller: Caller, action: Action, reason: string): void;
  /** Whether an indication may go to a subscription of that user. */
  deliver(user: string, indication: CimInstance): boolean;
}

/** Lets everybody do everything: for tests and for in-process use. */
export const openAuthorizer: Authorizer = {
  admit: () => undefined,
  request: async () => undefined,
  visible: () => null,
  deliver: () => true,
};

/** The sentence of status 2 for an object that the caller may not see, whether it exists or not. */
export const outOfScope = 'the object belongs to another workload or does not exist';
