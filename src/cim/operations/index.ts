export * from './request.js';
export * from './result.js';
export { CimError, type CimErrorOptions, type CimStatus, cimStatusNames, statusName } from './status.js';
export type { CallOptions, CimTransport } from './transport.js';
