export type { CentralInstanceOptions } from './central-instances.js';
export { typed } from './invoke.js';
export type {
  AssociatorFilterOptions,
  AssociatorsOptions,
  EnumerateClassesOptions,
  EnumerateClassNamesOptions,
  EnumerateInstancesOptions,
  FilterOptions,
  GetClassOptions,
  GetInstanceOptions,
  InstanceName,
  InvokeOptions,
  InvokeParameter,
  InvokeResult,
  IteratorOptions,
  ModifyInstanceOptions,
  OpenOptions,
  OperationOptions,
  PullMode,
  PullOptions,
  ReferenceFilterOptions,
  ReferencesOptions,
  TypedParameter,
  WbemClientOptions,
} from './options.js';
export { mappedValue, type Profile, type ProfileFilter } from './profiles.js';
export { interopNamespaces, type ServerBrand, WbemServerView } from './server-view.js';
export { ObjectStream } from './stream.js';
export { TypedClient, typedClient, type TypedInstance, toTypedInstance } from './typed-client.js';
export { toTypedValue } from './values.js';
export { WbemClient } from './wbem-client.js';
