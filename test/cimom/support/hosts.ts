import {
  type CimInstance,
  createInstance,
  createInstancePath,
  instanceIdentity,
} from '../../../src/cim/model/index.js';
import type { Provider } from '../../../src/cimom/index.js';

/** A provider of TST_Host over a map, which a test may look into. */
export function createHostProvider(
  names: readonly string[],
  more: Partial<Provider> = {},
): Provider & { readonly hosts: Map<string, CimInstance | string> } {
  const hosts = new Map<string, CimInstance | string>(names.map((name) => [name, name]));
  const path = (name: string) => createInstancePath('TST_Host', { Name: name });
  return {
    hosts,
    className: 'TST_Host',
    namespaces: ['root/test'],
    async *enumerate(context) {
      const cls = context.classes.get('TST_Host');
      yield [...hosts.keys()].map((name) => createInstance(cls, { Name: name, Memory: 1024n, Tags: ['a', name] }));
    },
    async get(context, wanted) {
      for (const name of hosts.keys()) {
        if (instanceIdentity(path(name)) !== instanceIdentity(wanted)) continue;
        return createInstance(context.classes.get('TST_Host'), { Name: name, Memory: 1024n, Tags: ['a', name] });
      }
      return null;
    },
    ...more,
  };
}
