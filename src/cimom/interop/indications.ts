import type { CimInstance, CimValue } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import type { IndicationService, IndicationSettings } from '../indications/subscriptions/index.js';
import type { Provider } from '../provider/index.js';
import type { NamespaceRepository } from '../repository/index.js';
import { described, keyValues, type Values } from './described.js';
import { running } from './object-manager.js';
import type { InteropPaths } from './paths.js';

const manages = 5;
const affectedClasses = [
  'CIM_IndicationFilter',
  'CIM_ListenerDestinationCIMXML',
  'CIM_IndicationHandlerCIMXML',
] as const;

/** Properties of CIM_IndicationService that clients may change, by the setting behind them. */
const settable = {
  FilterCreationEnabled: 'filterCreationEnabled',
  DeliveryRetryAttempts: 'deliveryRetryAttempts',
  DeliveryRetryInterval: 'deliveryRetryInterval',
  SubscriptionRemovalAction: 'subscriptionRemovalAction',
  SubscriptionRemovalTimeInterval: 'subscriptionRemovalTimeInterval',
} as const satisfies Readonly<Record<string, keyof IndicationSettings>>;

function settingsOf(instance: CimInstance, names: readonly string[] | null): Partial<IndicationSettings> {
  const wanted = names === null ? null : new Set(names);
  const changes: Partial<Record<keyof IndicationSettings, CimValue>> = {};
  for (const [name, setting] of Object.entries(settable)) {
    if (wanted !== null && !wanted.has(name)) continue;
    const value = instance.get(name);
    if (value === undefined) continue;
    if (value === null) throw new CimError(4, `${name} must have a value`);
    changes[setting] = value;
  }
  const action = changes.subscriptionRemovalAction;
  if (action !== undefined && action !== 2 && action !== 3 && action !== 4) {
    throw new CimError(4, 'SubscriptionRemovalAction can be 2 (Remove), 3 (Disable) or 4 (Ignore)');
  }
  return changes as Partial<IndicationSettings>;
}

/** The filters and destinations that the indication service manages. */
export async function indicationServiceLinks(
  paths: InteropPaths,
  space: NamespaceRepository,
): Promise<readonly Values[]> {
  const links: Values[] = [];
  for (const className of affectedClasses) {
    for await (const batch of space.instancePaths(className)) {
      for (const element of batch) {
        links.push({
          AffectingElement: paths.indicationService(),
          AffectedElement: { ...element, namespace: null },
          ElementEffects: [manages],
        });
      }
    }
  }
  return links;
}

/** CIM_IndicationService with what it can do. */
export function indicationProviders(
  service: IndicationService,
  paths: InteropPaths,
  space: NamespaceRepository,
): readonly Provider[] {
  const namespaces = [space.name];

  const values = (): Values => {
    const settings = service.settings();
    return {
      ...keyValues(paths.indicationService()),
      ...running,
      ElementName: 'Indication service',
      Caption: 'Indication service',
      FilterCreationEnabled: settings.filterCreationEnabled,
      DeliveryRetryAttempts: settings.deliveryRetryAttempts,
      DeliveryRetryInterval: Math.ceil(settings.deliveryRetryInterval),
      SubscriptionRemovalAction: settings.subscriptionRemovalAction,
      SubscriptionRemovalTimeInterval: settings.subscriptionRemovalTimeInterval,
    };
  };

  return [
    described({
      className: 'CIM_IndicationService',
      namespaces,
      rows: () => [values()],
      more: { modify: (_context, instance, names) => service.change(settingsOf(instance, names)) },
    }),
    described({
      className: 'CIM_IndicationServiceCapabilities',
      namespaces,
      rows: () => [
        {
          ...keyValues(paths.indicationCapabilities()),
          ElementName: 'Indication service capabilities',
          FilterCreationEnabledIsSettable: true,
          DeliveryRetryAttemptsIsSettable: true,
          DeliveryRetryIntervalIsSettable: true,
          SubscriptionRemovalActionIsSettable: true,
          SubscriptionRemovalTimeIntervalIsSettable: true,
          MaxListenerDestinations: service.maxDestinations,
          MaxActiveSubscriptions: service.maxSubscriptions,
          SubscriptionsPersisted: true,
        },
      ],
    }),
  ];
}
