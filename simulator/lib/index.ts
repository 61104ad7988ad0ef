export type { AppSettings, FitbitAppSettings, GoogleHealthAppSettings } from './apps.ts';
export type { ClockSettings, Duration } from './clock.ts';
export { AuthorizeRefusal, type Consent, type ConsentOptions } from './consent.ts';
export type { FitbitEndpoints, GoogleHealthEndpoints } from './endpoints.ts';
export type { Fault, FaultKind, FaultOptions, FaultReply } from './faults.ts';
export type { Grant, Provider } from './ledger.ts';
export type {
  FitbitAccount,
  GoogleAccount,
  NewGoogleAccount,
  NewPerson,
  People,
  Person,
} from './people.ts';
export type { Endpoint, LoggedRequest } from './requests.ts';
export { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';
export { defaultSwitches, type Switches } from './switches.ts';
