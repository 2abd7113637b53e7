import { type CimInstance, type CimInstancePath, type CimValue, foldName, isCimArray } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import { type Action, type Authorizer, outOfScope } from './authorizer.js';
import { type Caller, isReservedUser } from './caller.js';
import type { Grant, GrantsReader, Role } from './grants.js';

/** What a set of grants covers. The host fills it: the object manager knows no workloads. */
export interface ScopePort {
  /** For a path whose instance does not exist it must answer as for one of another workload. */
  isVisible(grants: readonly Grant[], object: CimInstance | CimInstancePath, namespace: string): boolean;
  /** Whether an indication concerns something that the grants cover. */
  isDeliverable(grants: readonly Grant[], indication: CimInstance): boolean;
  /**
   * Whether an administrator with these grants may do everything to an object in scope; null: to the whole host, its schema and
   * namespaces. What belongs to all workloads is for who has all of them. Left out: every instance in scope.
   */
  governs?(grants: readonly Grant[], object: CimInstancePath | null): boolean;
}

/** What a rule's check may look at: who, with the grants of the rule's roles, wants what. */
export interface RuleQuestion {
  readonly caller: Caller;
  readonly grants: readonly Grant[];
  readonly action: Action;
}

/**
 * Permission beyond reading, as data: these roles may do this to these classes. A datacenter-admin of the whole host needs
 * no rule, one of a part of it has what the rules give to anybody. Every action that no rule names is refused.
 */
export interface RoleRule {
  readonly roles: readonly Role[];
  /** Class names without case; null: any class. */
  readonly classes: readonly string[] | null;
  readonly access: 'write' | 'schema' | 'invoke';
  /** Names of methods (`invoke`) or operations (`write`, `schema`), without case; null: all. */
  readonly names: readonly string[] | null;
  /** Looks at parameters; returns the sentence of a refusal, or null. */
  readonly check?: (question: RuleQuestion) => string | null | Promise<string | null>;
}

export interface RoleAuthorizerOptions {
  readonly grants: GrantsReader;
  readonly scope: ScopePort;
  readonly rules: readonly RoleRule[];
  /** Told of every refusal. `action` is null where the caller has no role at all. */
  readonly onDenied?: (caller: Caller, action: Action | null, reason: string) => void;
}

const noRole = 'the user has no role';

function isPath(value: object): value is CimInstancePath {
  return (value as { readonly kind?: unknown }).kind === 'instance-path';
}

function* pathsIn(value: CimValue): Generator<CimInstancePath> {
  if (isCimArray(value)) {
    for (const item of value) yield* pathsIn(item);
  } else if (value !== null && typeof value === 'object') {
    if (isPath(value)) yield value;
    else if (value.kind === 'instance') for (const inner of value.values) yield* pathsIn(inner ?? null);
  }
}

function names(list: readonly string[] | null): ReadonlySet<string> | null {
  return list === null ? null : new Set(list.map(foldName));
}

interface PreparedRule {
  readonly rule: RoleRule;
  readonly classes: ReadonlySet<string> | null;
  readonly names: ReadonlySet<string> | null;
}

function seesEverything(grants: readonly Grant[]): boolean {
  return grants.some((grant) => grant.datacenter === null && grant.domains === null && grant.role !== 'peer');
}

class RoleAuthorizer implements Authorizer {
  readonly #options: RoleAuthorizerOptions;
  readonly #rules: readonly PreparedRule[];

  constructor(options: RoleAuthorizerOptions) {
    this.#options = options;
    this.#rules = options.rules.map((rule) => ({ rule, classes: names(rule.classes), names: names(rule.names) }));
  }

  #deny(caller: Caller, action: Action | null, reason: string): never {
    this.#options.onDenied?.(caller, action, reason);
    throw new CimError(2, reason);
  }

  admit(caller: Caller): void {
    if (caller.method === 'internal') return;
    // The name stands for the host itself, in owners of subscriptions too: nobody else may act under it.
    const none = isReservedUser(caller.user) || this.#options.grants.of(caller.user).length === 0;
    if (none) this.#deny(caller, null, noRole);
  }

  async request(caller: Caller, action: Action): Promise<void> {
    if (caller.method === 'internal') return;
    const grants = this.#options.grants.of(caller.user);
    if (grants.length === 0) this.#deny(caller, action, noRole);
    if (!this.#inScope(grants, action)) this.#deny(caller, action, outOfScope);
    if (action.access === 'read') return;
    const refusal = await this.#refusal(caller, action, grants);
    if (refusal !== null) this.#deny(caller, action, refusal);
  }

  /** Whether the object and everything that the parameters name is covered by these grants. */
  #inScope(grants: readonly Grant[], action: Action): boolean {
    if (seesEverything(grants)) return true;
    const { scope } = this.#options;
    const { object, namespace } = action;
    if (object?.kind === 'instance-path' && !scope.isVisible(grants, object, namespace)) return false;
    if (action.access === 'read') return true;
    for (const value of Object.values(action.parameters)) {
      for (const path of pathsIn(value)) {
        if (!scope.isVisible(grants, path, path.namespace ?? namespace)) return false;
      }
    }
    return true;
  }

  #governs(admins: readonly Grant[], action: Action): boolean {
    if (admins.length === 0) return false;
    const object = action.object?.kind === 'instance-path' ? action.object : null;
    return seesEverything(admins) || (this.#options.scope.governs?.(admins, object) ?? object !== null);
  }

  /** @returns null if a role allows it, else why not */
  async #refusal(caller: Caller, action: Action, grants: readonly Grant[]): Promise<string | null> {
    const admins = grants.filter((grant) => grant.role === 'datacenter-admin');
    if (this.#governs(admins, action) && this.#inScope(admins, action)) return null;
    const name = foldName(action.methodName ?? action.operation);
    const className = action.className === null ? null : foldName(action.className);
    let refusal: string | null = null;
    for (const { rule, classes, names: allowed } of this.#rules) {
      if (rule.access !== action.access || (allowed !== null && !allowed.has(name))) continue;
      if (classes !== null && (className === null || !classes.has(className))) continue;
      const fitting = grants.filter((grant) => grant.role === 'datacenter-admin' || rule.roles.includes(grant.role));
      // Rights of one role do not reach what only another role of the same user covers.
      if (fitting.length === 0 || !this.#inScope(fitting, action)) continue;
      const reason = rule.check === undefined ? null : await rule.check({ caller, grants: fitting, action });
      if (reason === null) return null;
      refusal ??= reason;
    }
    return refusal ?? `no role of the user allows ${action.methodName ?? action.operation}`;
  }

  visible(caller: Caller): ((object: CimInstance | CimInstancePath, namespace: string) => boolean) | null {
    if (caller.method === 'internal') return null;
    const grants = this.#options.grants.of(caller.user);
    if (seesEverything(grants)) return null;
    const { scope } = this.#options;
    return (object, namespace) => scope.isVisible(grants, object, namespace);
  }

  denied(caller: Caller, action: Action, reason: string): void {
    this.#options.onDenied?.(caller, action, reason);
  }

  deliver(user: string, indication: CimInstance): boolean {
    if (isReservedUser(user)) return true;
    const grants = this.#options.grants.of(user);
    if (grants.length === 0) return false;
    return seesEverything(grants) || this.#options.scope.isDeliverable(grants, indication);
  }
}

/**
 * Decides by roles: reading is open to every role and cut to its scope; a datacenter-admin may do everything in scope;
 * everything else needs a rule. What is out of scope and what does not exist get the same status 2.
 */
export function createRoleAuthorizer(options: RoleAuthorizerOptions): Authorizer {
  return new RoleAuthorizer(options);
}
