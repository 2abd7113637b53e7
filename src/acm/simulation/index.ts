export { parseSimulationEvent, type SimulationEvent, SimulationEventError } from './event.js';
export { createSimulation, readPolicy, type Simulation, type SimulationOptions } from './simulation.js';
