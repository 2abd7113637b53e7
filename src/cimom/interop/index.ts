export { ensureRootNamespace, interopProviders } from './interop.js';
export type { InteropOptions, ProfileFacts } from './options.js';
export { InteropPaths } from './paths.js';
export { ownProfiles } from './profiles.js';
