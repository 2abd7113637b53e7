export { ensureRootNamespace, interopProviders } from './interop.js';
export type { InteropOptions, ProfileFacts } from './options.js';
export { InteropPaths } from './paths.js';
export type { StatisticsPort } from './statistics.js';
export { ownProfiles } from './profiles.js';
