import { TvdcError } from '../../base/index.js';
import { CimError } from '../../cim/index.js';
import type { Grant, MethodFunction, ProviderContext } from '../../cimom/index.js';
import { recordForbidden, VmmError } from '../../vmm/index.js';
import { actorOf, type HostView, optionalText, ownMethod, requiredText } from '../kit/index.js';

const className = 'TVDC_RoleBasedAuthorizationService';
const administrator = 'datacenter-admin';

/** Grants with which the caller may grant and take roles; null: all rights, the host itself. */
function ownGrants({ grants }: HostView, { caller }: ProviderContext): readonly Grant[] | null {
  if (caller.method === 'internal') return null;
  return grants.of(caller.user).filter((grant) => grant.role === administrator && grant.domains === null);
}

/** Who tries to get at more than the own is refused and recorded. */
async function forbid(view: HostView, context: ProviderContext, attempt: string, sentence: string): Promise<never> {
  await recordForbidden(view.parts, actorOf(context), attempt, null);
  throw new CimError(2, sentence);
}

/** A role in one datacenter gives no rights over others. @throws CimError 2 */
export async function checkGrantor(
  view: HostView,
  context: ProviderContext,
  method: 'GrantRole' | 'RevokeRole',
  datacenter: string | null,
): Promise<void> {
  const own = ownGrants(view, context);
  if (own === null || own.some((grant) => grant.datacenter === null || grant.datacenter === datacenter)) return;
  const attempt = `call ${className}.${method} for ${datacenter ?? 'all datacenters'}`;
  await forbid(view, context, attempt, 'roles are granted by the administrator of the same datacenter');
}

/** Whoever has the secret of an account has its roles: none of them may be beyond the caller's. @throws CimError 2 */
async function checkAccount(view: HostView, context: ProviderContext, method: string, user: string): Promise<void> {
  const own = ownGrants(view, context);
  if (own === null) return;
  const covers = ({ datacenter }: Pick<Grant, 'datacenter'>): boolean =>
    own.some((grant) => grant.datacenter === null || grant.datacenter === datacenter);
  if (own.length > 0 && view.grants.of(user).every(covers)) return;
  const attempt = `call ${className}.${method} for ${user}`;
  await forbid(view, context, attempt, 'the account has roles beyond those of the caller');
}

/** What is wrong with an argument is said as such. */
async function asInvalid<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TvdcError)) throw error;
    const code = String(error.code);
    if (code === 'no_such_account') throw new CimError(6, error.message, { cause: error });
    if (code === 'bad_user_name' || code === 'weak_secret' || code === 'account_exists')
      throw new VmmError('invalid', [error.message]);
    throw error;
  }
}

/** CreateUser, RemoveUser, SetSecret. A secret goes to the caller alone: neither log nor journal have it. */
export function userMethods(view: HostView): Readonly<Record<string, MethodFunction>> {
  const { parts, accounts, grants } = view;
  const record = (context: ProviderContext, user: string, change: string): Promise<unknown> =>
    parts.store.transaction((tx) =>
      parts.journal.append(tx, { kind: 'role', actor: context.caller.user, subject: user, facts: { change } }),
    );

  return {
    CreateUser: (context, _self, parameters) =>
      ownMethod(async () => {
        const user = requiredText(parameters, 'User');
        await checkAccount(view, context, 'CreateUser', user);
        const secret = await asInvalid(() => accounts.create(user));
        await record(context, user, 'create account');
        return { Secret: secret };
      }),
    RemoveUser: (context, _self, parameters) =>
      ownMethod(async () => {
        const user = requiredText(parameters, 'User');
        await checkAccount(view, context, 'RemoveUser', user);
        if (user === context.caller.user) throw new VmmError('invalid', ['an account does not remove itself']);
        // Roles first: what is left by a failure between the two is an account that may do nothing.
        const revoked = accounts.users().includes(user) ? await grants.revokeAll(user) : 0;
        await asInvalid(() => accounts.remove(user));
        await record(context, user, revoked === 0 ? 'remove account' : `remove account and ${revoked} grants`);
      }),
    SetSecret: (context, _self, parameters) =>
      ownMethod(async () => {
        const user = requiredText(parameters, 'User');
        await checkAccount(view, context, 'SetSecret', user);
        const secret = await asInvalid(() => accounts.setSecret(user, optionalText(parameters, 'Secret')));
        await record(context, user, 'set secret');
        return { NewSecret: secret };
      }),
  };
}
