import { CimError, createInstancePath } from '../../cim/index.js';
import { type Grant, isRole, type MethodFunction, type Provider, type Role, roles } from '../../cimom/index.js';
import { VmmError } from '../../vmm/index.js';
import {
  associationProvider,
  elementFacts,
  type HostView,
  listProvider,
  optionalText,
  ownMethod,
  Paths,
  requiredText,
  serviceValues,
  textList,
} from '../kit/index.js';
import { checkGrantor, userMethods } from './users.js';

const className = 'TVDC_RoleBasedAuthorizationService';

function roleOf(text: string): Role {
  if (!isRole(text)) throw new CimError(4, `Role is ${roles.join(', ')}, got "${text}"`);
  return text;
}

const roleClass = 'CIM_Role';
const identityClass = 'CIM_Identity';

const roleNames: Readonly<Record<Role, string>> = {
  'datacenter-admin': 'Datacenter administrator',
  'tvdc-admin': 'TVDc administrator',
  observer: 'Observer',
  peer: 'Other host',
};

/** The roles and who has them, whatever the scope. */
function memberProviders(view: HostView, paths: Paths): readonly Provider[] {
  const { namespace, grants, accounts, domains } = view;
  const roleKeys = (role: Role) => ({ CreationClassName: roleClass, Name: role });
  const identityId = (user: string): string => `TVDC:identity:${user}`;
  return [
    listProvider({
      className: roleClass,
      namespace,
      rows: () => roles,
      values: (role) => ({
        ...roleKeys(role),
        ...elementFacts(roleNames[role]),
        CommonName: role,
        RoleCharacteristics: [2],
      }),
    }),
    listProvider({
      className: identityClass,
      namespace,
      rows: () => new Set([...accounts.users(), ...grants.list().map((grant) => grant.user)]),
      values: (user) => ({ InstanceID: identityId(user), ...elementFacts(user, 'An account of this object manager.') }),
    }),
    listProvider({
      className: 'TVDC_RoleGrant',
      namespace,
      rows: () => grants.list(),
      values: ({ user, role, datacenter, domains: ids }: Grant) => ({
        InstanceID: `TVDC:grant:${user}:${role}:${datacenter ?? '*'}`,
        ...elementFacts(`${user} as ${role}`),
        User: user,
        Role: role,
        Datacenter: datacenter,
        TVDs: ids === null ? null : ids.map((id) => domains.domain(id)?.name ?? id),
      }),
    }),
    associationProvider({
      className: 'TVDC_RoleMember',
      namespace,
      *links() {
        const members = new Map(grants.list().map(({ user, role }) => [`${role} ${user}`, { user, role }]));
        for (const { user, role } of members.values()) {
          yield {
            Collection: createInstancePath(roleClass, roleKeys(role), { namespace }),
            Member: paths.byId(identityClass, identityId(user)),
          };
        }
      },
    }),
  ];
}

/** TVDC_RoleBasedAuthorizationService: who has which role in which virtual datacenter and domains. */
export function roleProviders(view: HostView): readonly Provider[] {
  const { parts, namespace, domains, grants } = view;
  const paths = new Paths(parts.identity, namespace);

  /** UUIDs of domains given by name or UUID; none given means all. */
  const domainIds = (names: readonly string[]): readonly string[] | null => {
    if (names.length === 0) return null;
    return names.map((name) => {
      const found = domains.domains().find((domain) => domain.name === name || domain.uuid === name);
      if (found === undefined) throw new VmmError('not_found', [name]);
      return found.uuid;
    });
  };

  const methods: Readonly<Record<string, MethodFunction>> = {
    GrantRole: (context, _self, parameters) =>
      ownMethod(async () => {
        const user = requiredText(parameters, 'User');
        const role = roleOf(requiredText(parameters, 'Role'));
        const datacenter = optionalText(parameters, 'Datacenter');
        await checkGrantor(view, context, 'GrantRole', datacenter);
        const names = textList(parameters, 'TVDs');
        if (datacenter !== null && !domains.datacenters().some((item) => item.name === datacenter)) {
          throw new VmmError('not_found', [datacenter]);
        }
        const facts = { change: 'grant', role, datacenter, domains: names };
        const entry = { kind: 'role', actor: context.caller.user, subject: user, facts };
        await grants.grant({ user, role, datacenter, domains: domainIds(names) }, (tx) => {
          parts.journal.append(tx, entry);
        });
      }),
    RevokeRole: (context, _self, parameters) =>
      ownMethod(async () => {
        const user = requiredText(parameters, 'User');
        const role = roleOf(requiredText(parameters, 'Role'));
        const datacenter = optionalText(parameters, 'Datacenter');
        await checkGrantor(view, context, 'RevokeRole', datacenter);
        const facts = { change: 'revoke', role, datacenter };
        const entry = { kind: 'role', actor: context.caller.user, subject: user, facts };
        await grants.revoke(user, role, datacenter, (tx) => {
          parts.journal.append(tx, entry);
        });
      }),
  };

  const service = listProvider({
    className,
    namespace,
    rows: () => [parts.identity],
    values: () => serviceValues(paths, className, 'Roles'),
    methods: { ...methods, ...userMethods(view) },
  });
  return [service, ...memberProviders(view, paths)];
}
