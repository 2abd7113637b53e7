export { type Demo, type DemoOptions, openDemo } from './demo.js';
export type { DemoAlert, DemoPart, DemoProgress, DemoReport, DemoStep, DemoVerdict } from './report.js';
