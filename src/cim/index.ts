// The package door `tvdc/cim`: the CIM model, operations as data, class rules, CIM-XML, MOF, queries, object paths.
export * from './codec/index.js';
export * from './compare/index.js';
export * from './model/index.js';
export * from './mof/index.js';
export * from './operations/index.js';
export * from './query/index.js';
export * from './schema/index.js';
export * from './uri/index.js';
