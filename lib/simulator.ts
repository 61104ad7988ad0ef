export type { AppSettings, FitbitAppSettings, GoogleHealthAppSettings } from './simulator/apps.ts';
export type { ClockSettings, Duration } from './simulator/clock.ts';
export { AuthorizeRefusal, type Consent, type ConsentOptions } from './simulator/consent.ts';
export type { FitbitEndpoints, GoogleHealthEndpoints } from './simulator/endpoints.ts';
export type { Fault, FaultKind, FaultOptions, FaultReply } from './simulator/faults.ts';
export type { Grant, Provider } from './simulator/ledger.ts';
export type {
  FitbitAccount,
  GoogleAccount,
  NewGoogleAccount,
  NewPerson,
  People,
  Person,
} from './simulator/people.ts';
export type { Endpoint, LoggedRequest } from './simulator/requests.ts';
export { type Simulator, type SimulatorOptions, startSimulator } from './simulator/simulator.ts';
export { defaultSwitches, type Switches } from './simulator/switches.ts';
