// The package door `tvdc/testing`: a real object manager in memory for other people's tests.
export type { TestInstance, TestServer, TestServerListen, TestServerOptions } from './options.js';
export { createTestServer } from './test-server.js';
