// The package door `tvdc/cim`: the CIM model, class rules.
export * from './model/index.js';
export * from './operations/index.js';
export * from './schema/index.js';
