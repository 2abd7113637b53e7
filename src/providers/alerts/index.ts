export { type AlertPorts, startAlerts } from './alerts.js';
