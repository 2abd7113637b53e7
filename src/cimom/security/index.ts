export {
  type Account,
  AccountError,
  type AccountErrorCode,
  type Accounts,
  type AccountsOptions,
  createAccounts,
  type Login,
} from './accounts.js';
export { type Action, type Authorizer, openAuthorizer, outOfScope } from './authorizer.js';
export { type Caller, isReservedUser, systemCaller } from './caller.js';
export {
  createGrants,
  type Grant,
  GrantError,
  type GrantErrorCode,
  type Grants,
  type GrantsReader,
  isRole,
  type Role,
  roles,
} from './grants.js';
export {
  createRoleAuthorizer,
  type RoleAuthorizerOptions,
  type RoleRule,
  type RuleQuestion,
  type ScopePort,
} from './role-authorizer.js';
export { defaultScryptCost, type ScryptCost } from './secrets.js';
export { defaultThrottleLimits, type ThrottleLimits } from './throttle.js';
