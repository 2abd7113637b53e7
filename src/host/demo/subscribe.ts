import type { WbemClient } from '../../client/index.js';

const interop = 'root/interop';

/** Subscribes a listener to all indications of a class, as any console does: destination, filter, subscription. */
export async function subscribe(
  client: WbemClient,
  className: string,
  destination: string,
  sourceNamespace: string,
): Promise<void> {
  const options = { namespace: interop };
  const handler = await client.create(
    'CIM_ListenerDestinationCIMXML',
    { Name: `tvdc:demo:${className}`, Destination: destination, PersistenceType: 3 },
    options,
  );
  const filter = await client.create(
    'CIM_IndicationFilter',
    {
      Name: `tvdc:demo:${className}`,
      SourceNamespaces: [sourceNamespace],
      Query: `SELECT * FROM ${className}`,
      QueryLanguage: 'WQL',
    },
    options,
  );
  await client.create('CIM_IndicationSubscription', { Filter: filter, Handler: handler }, options);
}
