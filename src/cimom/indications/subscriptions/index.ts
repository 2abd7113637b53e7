export {
  defaultSubscriptionLimits,
  type DeliveryPort,
  type DestinationReport,
  type SubscriptionLimits,
  type Subscriptions,
  type SubscriptionsOptions,
} from './options.js';
export { defaultIndicationSettings, type IndicationService, type IndicationSettings } from './settings.js';
export { createSubscriptions } from './subscriptions.js';
