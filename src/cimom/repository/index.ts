export { createRepository, type RepositoryOptions } from './create.js';
export { createRepositoryTarget, type RepositoryTargetOptions } from './mof-target.js';
export type {
  ChangeWork,
  ImportResult,
  NamespaceRepository,
  PageOptions,
  Repository,
  RepositoryChange,
  SchemaUnit,
} from './repository.js';
