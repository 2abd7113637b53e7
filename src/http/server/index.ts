export { createWbemServer } from './server.js';
export {
  type Credentials,
  defaultServerLimits,
  type ExportPeer,
  type HttpServerLimits,
  type ListenerAuthentication,
  type ServerAddress,
  type ServerListen,
  type ServerStatistics,
  type ServerTls,
  type SocketListen,
  type TcpListen,
  type WbemServer,
  type WbemServerOptions,
} from './options.js';
