import { type Log, messageOf } from '../../base/index.js';
import { CimError, type CimValue } from '../../cim/index.js';
import { createIndicationListener, type IndicationListener, type WbemClient } from '../../client/index.js';

const interop = 'root/interop';
const query = 'SELECT * FROM CIM_InstModification WHERE SourceInstance ISA TVDC_ComputerSystem';

/** Where the hosts' life-cycle indications arrive. */
export interface Notices {
  /** Has a host tell us; false where it does not: then looking now and then has to do. */
  subscribe(client: WbemClient, namespace: string): Promise<boolean>;
  close(): Promise<void>;
}

export interface NoticeOptions {
  /** Names our filters and destinations at the hosts. */
  readonly owner: string;
  readonly host?: string;
  readonly port?: number;
  readonly log: Log;
  /** A virtual machine of some host changed its state. */
  onChange(): void;
}

async function makeOnce(
  client: WbemClient,
  className: string,
  values: Readonly<Record<string, CimValue>>,
  name: string,
) {
  try {
    return await client.create(className, values, { namespace: interop });
  } catch (error) {
    if (!(error instanceof CimError) || error.status !== 11) throw error;
    for await (const found of client.instances(className, { namespace: interop })) {
      if (found.getString('Name') === name && found.path !== null) return found.path;
    }
    throw error;
  }
}

/** Listens for life-cycle indications of virtual machines. */
export async function openNotices(options: NoticeOptions): Promise<Notices> {
  const { owner, log } = options;
  const listener: IndicationListener = await createIndicationListener({
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.port === undefined ? {} : { port: options.port }),
    onIndication: () => options.onChange(),
    log,
  });
  return {
    async subscribe(client, namespace) {
      try {
        const name = `tvdc:verifier:${owner}:${listener.port}`;
        const Handler = await makeOnce(
          client,
          'CIM_ListenerDestinationCIMXML',
          { Name: name, Destination: listener.url, PersistenceType: 3 },
          name,
        );
        const Filter = await makeOnce(
          client,
          'CIM_IndicationFilter',
          { Name: name, SourceNamespaces: [namespace], Query: query, QueryLanguage: 'WQL' },
          name,
        );
        await client
          .create('CIM_IndicationSubscription', { Filter, Handler }, { namespace: interop })
          .catch((error: unknown) => {
            if (!(error instanceof CimError) || error.status !== 11) throw error;
          });
        return true;
      } catch (error) {
        log.warn('a managed host does not tell of changes; it is looked at instead', { error: messageOf(error) });
        return false;
      }
    },
    close: () => listener.close(),
  };
}
