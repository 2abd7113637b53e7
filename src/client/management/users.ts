import { stringKey } from '../../cim/index.js';
import type { ManagedHost } from './managed-host.js';
import { outText } from './refusal.js';
import { pathOf, textsOf } from './texts.js';

const service = 'TVDC_RoleBasedAuthorizationService';

export interface HostUser {
  readonly user: string;
  readonly roles: readonly string[];
}

/** A role with its scope. */
export interface GrantedRole {
  readonly user: string;
  readonly role: string;
  /** Null: all. */
  readonly datacenter: string | null;
  /** Names of domains; null: all. */
  readonly domains: readonly string[] | null;
}

/** The accounts of a host, and who else has a role there. */
export async function hostUsers({ client, namespace }: ManagedHost): Promise<readonly HostUser[]> {
  const roles = new Map<string, string[]>();
  for await (const link of client.instances('TVDC_RoleMember', { namespace })) {
    const member = stringKey(pathOf(link.get('Member'), 'identity'), 'InstanceID') ?? '';
    const role = stringKey(pathOf(link.get('Collection'), 'role'), 'Name') ?? '';
    roles.set(member, [...(roles.get(member) ?? []), role]);
  }
  const users: HostUser[] = [];
  for await (const identity of client.instances('CIM_Identity', { namespace })) {
    const id = identity.getString('InstanceID') ?? '';
    users.push({ user: identity.getString('ElementName') ?? '', roles: (roles.get(id) ?? []).sort() });
  }
  return users.sort((a, b) => (a.user < b.user ? -1 : 1));
}

/** @returns the random secret of the new account @throws MethodRefusedError @throws CimError 2 */
export async function createUser(host: ManagedHost, user: string): Promise<string> {
  return outText(await host.call(service, 'CreateUser', { User: user }), 'Secret');
}

/** Removes an account with its roles. @throws MethodRefusedError @throws CimError 2, 6 */
export async function removeUser(host: ManagedHost, user: string): Promise<void> {
  await host.call(service, 'RemoveUser', { User: user });
}

/** @param secret left out: a random one, which comes back @throws MethodRefusedError @throws CimError 2, 6 */
export async function setSecret(host: ManagedHost, user: string, secret?: string): Promise<string | null> {
  const out = await host.call(service, 'SetSecret', { User: user, Secret: secret });
  return typeof out['NewSecret'] === 'string' ? out['NewSecret'] : null;
}

export async function grantedRoles({ client, namespace }: ManagedHost): Promise<readonly GrantedRole[]> {
  const grants: GrantedRole[] = [];
  for await (const grant of client.instances('TVDC_RoleGrant', { namespace })) {
    const domains = grant.get('TVDs') ?? null;
    grants.push({
      user: grant.getString('User') ?? '',
      role: grant.getString('Role') ?? '',
      datacenter: grant.getString('Datacenter'),
      domains: domains === null ? null : textsOf(domains),
    });
  }
  return grants;
}

/** Takes a role away, in one virtual datacenter or, with null, that for all. @throws MethodRefusedError @throws CimError 2 */
export async function revokeRole(
  host: ManagedHost,
  user: string,
  role: string,
  datacenter: string | null,
): Promise<void> {
  await host.call(service, 'RevokeRole', { User: user, Role: role, Datacenter: datacenter });
}
