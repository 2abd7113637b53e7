// The package door `tvdc/cim`: the CIM model, operations as data, class rules, object paths, MOF.
export * from './model/index.js';
export * from './mof/index.js';
export * from './operations/index.js';
export * from './schema/index.js';
export * from './uri/index.js';
