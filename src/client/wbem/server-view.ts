import { TvdcError } from '../../base/index.js';
import {
  type CimClass,
  type CimInstance,
  type CimInstancePath,
  createInstance,
  keyOf,
  parseNamespace,
  sameName,
} from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import { type CentralInstanceOptions, centralInstances } from './central-instances.js';
import { organizationName, type Profile, type ProfileFilter } from './profiles.js';
import type { WbemClient } from './wbem-client.js';

/** Names under which servers keep their interop namespace, in the order in which they are tried. */
export const interopNamespaces = ['interop', 'root/interop', 'root/PG_InterOp'] as const;

/** Classes that list namespaces: today's, that of the WBEM Server profile, that of old servers. */
const namespaceClasses = ['CIM_Namespace', 'CIM_WBEMServerNamespace', '__Namespace'] as const;

/** Classes by which servers describe themselves: the object manager model, and the WBEM Server profile (DSP1092). */
const serverClasses = ['CIM_ObjectManager', 'CIM_WBEMServer'] as const;

/** What a server says of itself. */
export interface ServerBrand {
  /** ElementName of its instance; null where it says nothing. */
  readonly brand: string | null;
  /** Number after "version" or "release" in its Description. */
  readonly version: string | null;
  /** The CIM_ObjectManager, or the CIM_WBEMServer where there is nothing else. */
  readonly objectManager: CimInstance;
}

function isStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return error instanceof CimError && statuses.includes(error.status);
}

/** A WBEM server as a whole: its namespaces, its name, what it conforms to. */
export class WbemServerView {
  readonly client: WbemClient;
  #interop: Promise<string> | null = null;

  constructor(client: WbemClient) {
    this.client = client;
  }

  /** The interop namespace, spelt as the server was asked for it; found once. @throws TvdcError `no_interop_namespace` */
  interopNamespace(): Promise<string> {
    this.#interop ??= this.#findInterop().catch((error: unknown) => {
      this.#interop = null;
      throw error;
    });
    return this.#interop;
  }

  async #findInterop(): Promise<string> {
    for (const namespace of interopNamespaces) {
      try {
        await this.client.enumerateInstanceNames('CIM_Namespace', { namespace });
        return namespace;
      } catch (error) {
        // Without the class or with nothing in it the namespace is still there.
        if (isStatus(error, 5, 6, 7)) return namespace;
        if (!isStatus(error, 3)) throw error;
      }
    }
    throw new TvdcError('no_interop_namespace', `the server has none of ${interopNamespaces.join(', ')}`);
  }

  async #namespaceInstances(): Promise<{ readonly className: string; readonly instances: readonly CimInstance[] }> {
    const namespace = await this.interopNamespace();
    for (const className of namespaceClasses) {
      try {
        const instances = await this.client.enumerateInstances(className, { namespace });
        if (instances.length > 0) return { className, instances };
      } catch (error) {
        if (!isStatus(error, 5, 6, 7)) throw error;
      }
    }
    throw new TvdcError('no_namespaces', `the server lists its namespaces by none of ${namespaceClasses.join(', ')}`);
  }

  /** All namespaces, the interop namespace first if the server forgets to list it. */
  async namespaces(): Promise<string[]> {
    const interop = await this.interopNamespace();
    const { instances } = await this.#namespaceInstances();
    const names = instances.map((instance) => instance.getString('Name')).filter((name) => name !== null);
    const found = names.map((name) => parseNamespace(name));
    return found.some((name) => sameName(name, interop)) ? found : [interop, ...found];
  }

  /**
   * Creates a namespace as the server wants it: by the method of the WBEM Server profile, else by an instance of
   * CIM_Namespace with all its keys.
   */
  async createNamespace(name: string): Promise<void> {
    const wanted = parseNamespace(name);
    const namespace = await this.interopNamespace();
    const server = await this.#wbemServer(namespace);
    if (server === null) {
      await this.client.create('CIM_Namespace', await this.#namespaceKeys(wanted), { namespace });
      return;
    }
    const cls = await this.client.classOf('CIM_WBEMServerNamespace', { namespace });
    const template = createInstance(cls, { ...templateKeys(cls), Name: wanted }).withPath(null);
    const result = await this.client.invoke(
      server,
      'CreateWBEMServerNamespace',
      { NamespaceTemplate: template },
      { namespace },
    );
    if (result.returnValue !== 0) {
      throw new CimError(1, `CreateWBEMServerNamespace returned ${JSON.stringify(result.returnValue)}`);
    }
  }

  /** The server where it offers the method for creating namespaces. */
  async #wbemServer(namespace: string): Promise<CimInstancePath | null> {
    try {
      const [server] = await this.client.enumerateInstanceNames('CIM_WBEMServer', { namespace });
      if (server === undefined) return null;
      const cls = await this.client.classOf(server.className, { namespace });
      return cls.methods.some((method) => sameName(method.name, 'CreateWBEMServerNamespace')) ? server : null;
    } catch (error) {
      if (isStatus(error, 5, 6, 7)) return null;
      throw error;
    }
  }

  async #namespaceKeys(name: string): Promise<Record<string, string>> {
    const { path } = (await this.brand()).objectManager;
    const text = (key: string, otherwise: string): string => {
      const value = path === null ? undefined : keyOf(path, key);
      return typeof value === 'string' ? value : otherwise;
    };
    return {
      SystemCreationClassName: text('SystemCreationClassName', 'CIM_ComputerSystem'),
      SystemName: text('SystemName', 'localhost'),
      ObjectManagerCreationClassName: text('CreationClassName', 'CIM_ObjectManager'),
      ObjectManagerName: text('Name', 'cimom'),
      CreationClassName: 'CIM_Namespace',
      Name: name,
    };
  }

  /** @throws CimError 20 while classes are left in it @throws TvdcError `no_such_namespace` */
  async deleteNamespace(name: string): Promise<void> {
    const wanted = parseNamespace(name);
    const { instances } = await this.#namespaceInstances();
    const found = instances.find((instance) => sameName(parseNamespace(instance.getString('Name') ?? '?'), wanted));
    if (!found?.path) throw new TvdcError('no_such_namespace', `the server lists no namespace ${wanted}`);
    // Not every server refuses this by itself.
    const classes = await this.client.enumerateClassNames({ namespace: wanted });
    if (classes.length > 0) throw new CimError(20, `${wanted} still has classes: ${classes.slice(0, 5).join(', ')}`);
    await this.client.deleteInstance(found.path);
  }

  /** @throws TvdcError `no_object_manager` unless there is exactly one */
  async brand(): Promise<ServerBrand> {
    const objectManager = await this.#serverInstance();
    const description = objectManager.getString('Description') ?? '';
    const version = /\b(?:version|release)\s+([0-9]\S*)/i.exec(description)?.[1] ?? null;
    return { brand: objectManager.getString('ElementName'), version, objectManager };
  }

  async #serverInstance(): Promise<CimInstance> {
    const namespace = await this.interopNamespace();
    for (const className of serverClasses) {
      const found = await this.client.enumerateInstances(className, { namespace }).catch((error: unknown) => {
        if (isStatus(error, 5, 6, 7)) return [];
        throw error;
      });
      const [instance] = found;
      if (found.length > 1) throw new TvdcError('no_object_manager', `expected one ${className}, got ${found.length}`);
      if (instance !== undefined) return instance;
    }
    throw new TvdcError('no_object_manager', `the server describes itself by none of ${serverClasses.join(', ')}`);
  }

  /** Profiles that the server advertises; names without case. */
  async profiles(filter: ProfileFilter = {}): Promise<Profile[]> {
    const namespace = await this.interopNamespace();
    const instances = await this.client.enumerateInstances('CIM_RegisteredProfile', { namespace });
    if (instances.length === 0) return [];
    const cls = await this.client.classOf('CIM_RegisteredProfile', { namespace });
    const wanted = (have: string, want: string | undefined): boolean => want === undefined || sameName(have, want);
    return instances
      .map((instance) => ({
        organization: organizationName(cls, instance),
        name: instance.getString('RegisteredName') ?? '',
        version: instance.getString('RegisteredVersion') ?? '',
        instance,
      }))
      .filter(
        (profile) =>
          wanted(profile.organization, filter.organization) &&
          wanted(profile.name, filter.name) &&
          wanted(profile.version, filter.version),
      );
  }

  /** Central instances of a profile, by GetCentralInstances, the central or the scoping methodology (DSP1033). */
  centralInstances(profile: CimInstancePath, options: CentralInstanceOptions = {}): Promise<CimInstancePath[]> {
    return centralInstances(this.client, profile, options);
  }
}

/** A template says only what is wanted: the server sets the other keys. */
function templateKeys(cls: CimClass): Record<string, string> {
  return cls.properties.some((property) => sameName(property.name, 'CreationClassName'))
    ? { CreationClassName: cls.name }
    : {};
}
