import { writeFileSync } from 'node:fs';
import { ConfigurationError } from '../../base/index.js';
import type { RoleRule, ScopePort } from '../../cimom/index.js';
import { type Foundation, readSecret, secretFile } from '../foundation/index.js';

const serviceClass = 'tvdc_attestationservice';
const prefix = 'agent.';
const secretBytes = 24;

/** Account of the agent in a VM. */
function agentOf(vm: string): string {
  return prefix + vm.toLowerCase();
}

/** Agents see the service that they push to, and nothing else. */
export const agentScope: ScopePort = {
  isVisible: (_grants, object) => object.className.toLowerCase() === serviceClass,
  isDeliverable: () => false,
};

const isOwn = (user: string, system: unknown): boolean => typeof system === 'string' && user === agentOf(system);

/** An agent may send measurements of its own VM only. */
export const agentRules: readonly RoleRule[] = [
  {
    roles: ['observer'],
    classes: ['TVDC_AttestationService'],
    access: 'invoke',
    names: ['SubmitMeasurements'],
    check: ({ caller, action }) =>
      isOwn(caller.user, action.parameters['SystemUUID']) ? null : 'measurements are sent by the agent of the system',
  },
];

/**
 * Makes the account of an agent, with its secret in the data folder where there is one.
 * @throws ConfigurationError `bad_uuid`
 */
export async function ensureAgent(
  foundation: Foundation,
  vm: string,
): Promise<{ readonly user: string; readonly secret: string | null }> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(vm)) {
    throw new ConfigurationError(
      'bad_uuid',
      `expected the UUID of a virtual machine, got ${JSON.stringify(vm.slice(0, 60))}`,
    );
  }
  const { accounts, grants, folder, randomness } = foundation;
  const user = agentOf(vm);
  const file = folder === null ? null : secretFile(folder, user);
  if (accounts.has(user)) return { user, secret: file === null ? null : readSecret(file) };
  const secret = Buffer.from(randomness.bytes(secretBytes)).toString('base64url');
  if (file !== null) writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  await accounts.create(user, secret);
  // A grant for no domain at all: the role's rights without a view of anything.
  await grants.grant({ user, role: 'observer', datacenter: null, domains: [] });
  return { user, secret };
}
